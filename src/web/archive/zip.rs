//! Writes a ZIP archive without seeking: each file's length and check sum follow it. Pictures are
//! compressed already, so they are stored as they are. Source: PKWARE, APPNOTE.TXT 6.3.10.

use crc32fast::Hasher;
use jiff::civil::DateTime;

/// Longest file, bytes: what fits without the long form of a descriptor.
pub(super) const BYTES_MAX: u64 = u32::MAX as u64 - 1;
/// Stands for a number that is told in the long form.
const LONG: u32 = u32::MAX;
const LONG_COUNT: u16 = u16::MAX;
/// What a reader has to know: 2.0, and 4.5 where the long form is used.
const VERSION: u16 = 20;
const VERSION_LONG: u16 = 45;
/// The length and check sum follow the file.
const FLAGS: u16 = 1 << 3;
/// Not compressed.
const STORED: u16 = 0;

/// An archive being written: what it gives is sent in this order, a file's bytes in between.
#[derive(Default)]
pub(super) struct Zip {
    offset: u64,
    files: Vec<File>,
    sum: Hasher,
    begun_at: u64,
}

/// A file that is written.
struct File {
    name: String,
    offset: u64,
    bytes: u32,
    sum: u32,
    time: u16,
    date: u16,
}

impl Zip {
    /// What stands before a file. Its name is plain letters, made by us.
    pub(super) fn begin(&mut self, name: &str, made_at: DateTime) -> Vec<u8> {
        let (date, time) = dos(made_at);
        let file =
            File { name: name.to_owned(), offset: self.offset, bytes: 0, sum: 0, time, date };
        // signature · version · flags · method · time · date · sum, length and length: to follow ·
        // length of the name · of what is extra · name
        let mut head = Vec::with_capacity(30 + name.len());
        put32(&mut head, 0x0403_4b50);
        for number in [VERSION, FLAGS, STORED, time, date] {
            put16(&mut head, number);
        }
        for _ in 0..3 {
            put32(&mut head, 0);
        }
        put16(&mut head, length(name));
        put16(&mut head, 0);
        head.extend(name.as_bytes());
        self.files.push(file);
        self.offset += head.len() as u64;
        self.begun_at = self.offset;
        self.sum = Hasher::new();
        head
    }

    /// Bytes of the file go by.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.offset += bytes.len() as u64;
    }

    /// What stands after a file.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let sum = std::mem::take(&mut self.sum).finalize();
        let bytes = u32::try_from(self.offset - self.begun_at).unwrap_or(LONG);
        if let Some(file) = self.files.last_mut() {
            (file.sum, file.bytes) = (sum, bytes);
        }
        let mut tail = Vec::with_capacity(16);
        for number in [0x0807_4b50, sum, bytes, bytes] {
            put32(&mut tail, number);
        }
        self.offset += tail.len() as u64;
        tail
    }

    /// What stands after all of them: the directory, and where it is.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut directory = Vec::new();
        for file in &self.files {
            file.list(&mut directory);
        }
        let (at, bytes, count) = (self.offset, directory.len() as u64, self.files.len() as u64);
        let (short_at, short_bytes) = (short(at), short(bytes));
        let short_count = u16::try_from(count).unwrap_or(LONG_COUNT);
        if short_at == LONG || short_bytes == LONG || short_count == LONG_COUNT {
            // signature · length of what follows · made by · needed · this disk, the directory's ·
            // files here · files · length of the directory · where it begins
            put32(&mut directory, 0x0606_4b50);
            put64(&mut directory, 44);
            put16(&mut directory, VERSION_LONG);
            put16(&mut directory, VERSION_LONG);
            put64(&mut directory, 0);
            for number in [count, count, bytes, at] {
                put64(&mut directory, number);
            }
            // signature · disk of the record above · where it begins · disks
            put32(&mut directory, 0x0706_4b50);
            put32(&mut directory, 0);
            put64(&mut directory, at + bytes);
            put32(&mut directory, 1);
        }
        // signature · this disk · the directory's · files here · files · length of the directory ·
        // where it begins · length of the remark
        put32(&mut directory, 0x0605_4b50);
        for number in [0, 0, short_count, short_count] {
            put16(&mut directory, number);
        }
        put32(&mut directory, short_bytes);
        put32(&mut directory, short_at);
        put16(&mut directory, 0);
        directory
    }
}

impl File {
    /// Its line in the directory.
    fn list(&self, directory: &mut Vec<u8>) {
        let offset = short(self.offset);
        let is_long = offset == LONG;
        let version = if is_long { VERSION_LONG } else { VERSION };
        put32(directory, 0x0201_4b50);
        for number in [version, version, FLAGS, STORED, self.time, self.date] {
            put16(directory, number);
        }
        for number in [self.sum, self.bytes, self.bytes] {
            put32(directory, number);
        }
        // length of the name · of what is extra · of the remark · disk · what kind of file · which
        // rights · where it begins
        put16(directory, length(&self.name));
        put16(directory, if is_long { 12 } else { 0 });
        for _ in 0..3 {
            put16(directory, 0);
        }
        put32(directory, 0);
        put32(directory, offset);
        directory.extend(self.name.as_bytes());
        if is_long {
            // the long form · length of what follows · where it begins
            put16(directory, 1);
            put16(directory, 8);
            put64(directory, self.offset);
        }
    }
}

/// A number in the short form, or the sign that it is told in the long one.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(LONG)
}

fn length(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}

fn put16(to: &mut Vec<u8>, number: u16) {
    to.extend(number.to_le_bytes());
}

fn put32(to: &mut Vec<u8>, number: u32) {
    to.extend(number.to_le_bytes());
}

fn put64(to: &mut Vec<u8>, number: u64) {
    to.extend(number.to_le_bytes());
}

/// A date and a time as MS-DOS had them: from 1980 on, in steps of two seconds.
fn dos(at: DateTime) -> (u16, u16) {
    let of = |number: i8| u16::try_from(number).unwrap_or(0);
    let years = u16::try_from(at.year() - 1980).unwrap_or(0).min(127);
    let date = years << 9 | of(at.month()) << 5 | of(at.day());
    let time = of(at.hour()) << 11 | of(at.minute()) << 5 | (of(at.second()) / 2);
    (date, time)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

    use ::zip::ZipArchive;

    use super::*;

    const MADE_AT: DateTime = DateTime::constant(2025, 12, 22, 2, 40, 7, 0);

    fn write(zip: &mut Zip, to: &mut std::fs::File, name: &str, bytes: &[u8]) {
        to.write_all(&zip.begin(name, MADE_AT)).unwrap();
        for piece in bytes.chunks(1000) {
            zip.add(piece);
            to.write_all(piece).unwrap();
        }
        to.write_all(&zip.end()).unwrap();
    }

    fn read(archive: &mut ZipArchive<std::fs::File>, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Reading to the end checks the sum.
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let mut file = tempfile::tempfile().unwrap();
        let mut zip = Zip::default();
        let long: Vec<u8> = (0..100_000_u32).map(|number| (number * 7 % 251) as u8).collect();
        write(&mut zip, &mut file, "picture-1.png", &long);
        write(&mut zip, &mut file, "picture-2.jpg", b"");
        file.write_all(&zip.finish()).unwrap();
        let mut archive = ZipArchive::new(file).unwrap();
        assert_eq!(archive.len(), 2);
        assert_eq!(read(&mut archive, "picture-1.png"), long);
        assert_eq!(read(&mut archive, "picture-2.jpg"), b"");
        let made_at = archive.by_index(0).unwrap().last_modified().unwrap();
        assert_eq!((made_at.year(), made_at.month(), made_at.day()), (2025, 12, 22));
        assert_eq!((made_at.hour(), made_at.minute(), made_at.second()), (2, 40, 6));
    }

    #[test]
    fn an_archive_without_files_is_one_too() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&Zip::default().finish()).unwrap();
        assert_eq!(ZipArchive::new(file).unwrap().len(), 0);
    }

    /// More than four gigabytes, nearly all of them a hole in the file.
    #[test]
    fn beyond_four_gigabytes_it_is_told_in_the_long_form() {
        let mut file = tempfile::tempfile().unwrap();
        let mut zip = Zip::default();
        write(&mut zip, &mut file, "before.png", b"before");
        zip.offset = 5 << 30;
        file.seek(SeekFrom::Start(zip.offset)).unwrap();
        write(&mut zip, &mut file, "after.png", b"after");
        file.write_all(&zip.finish()).unwrap();
        let mut archive = ZipArchive::new(file).unwrap();
        assert_eq!(read(&mut archive, "before.png"), b"before");
        assert_eq!(read(&mut archive, "after.png"), b"after");
    }

    #[test]
    fn more_files_than_the_short_form_counts_are_all_there() {
        let mut file = tempfile::tempfile().unwrap();
        let mut zip = Zip::default();
        for number in 0..70_000 {
            zip.begin(&format!("{number}"), MADE_AT);
            zip.end();
        }
        zip.offset = 0;
        file.write_all(&zip.finish()).unwrap();
        assert_eq!(ZipArchive::new(file).unwrap().len(), 70_000);
    }
}
