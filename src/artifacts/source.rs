//! An object as something to read and seek in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;

/// As much of a file as is read at once, bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// The bytes of one object, for code that decodes pictures. Reading a file blocks: not for async
/// tasks.
#[derive(Debug)]
pub struct ArtifactSource(Inner);

#[derive(Debug)]
enum Inner {
    File(BufReader<File>),
    Memory(Cursor<Bytes>),
}

impl ArtifactSource {
    pub(super) fn file(file: File) -> Self {
        Self(Inner::File(BufReader::with_capacity(BUFFER_BYTES, file)))
    }

    pub(super) fn memory(bytes: Bytes) -> Self {
        Self(Inner::Memory(Cursor::new(bytes)))
    }
}

impl Read for ArtifactSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::File(file) => file.read(buffer),
            Inner::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl BufRead for ArtifactSource {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.0 {
            Inner::File(file) => file.fill_buf(),
            Inner::Memory(bytes) => bytes.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.0 {
            Inner::File(file) => file.consume(amount),
            Inner::Memory(bytes) => bytes.consume(amount),
        }
    }
}

impl Seek for ArtifactSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Inner::File(file) => file.seek(to),
            Inner::Memory(bytes) => bytes.seek(to),
        }
    }
}
