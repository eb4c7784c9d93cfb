//! What of a stand-in survives a restart: records, one JSON a line, appended as things happen.
//!
//! A record replaces the one of the same name before it. On opening, the journal is rewritten with
//! only what is alive (to a second file that is then renamed), and again when it has grown far
//! beyond that. A last line that was cut off by a kill is dropped; any other damage is an error.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Fewer lines than these are never rewritten.
const LINES_MIN: usize = 20_000;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("the stand-in's journal cannot be read or written")]
    Io(#[from] io::Error),
    /// A line in the middle is not a record.
    #[error("the stand-in's journal is damaged at line {line}")]
    Damaged {
        /// From 1.
        line: usize,
    },
}

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
    alive: usize,
}

impl Journal {
    /// Reads all records of a journal; none when there is no such file.
    pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, JournalError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut records = Vec::new();
        let mut torn = None;
        for (at, line) in BufReader::new(file).split(b'\n').enumerate() {
            if let Some(line) = torn {
                return Err(JournalError::Damaged { line });
            }
            match serde_json::from_slice(&line?) {
                Ok(record) => records.push(record),
                Err(_) => torn = Some(at + 1),
            }
        }
        Ok(records)
    }

    /// Writes a journal anew with these records, and opens it to append.
    pub fn rewrite<R: Serialize>(path: &Path, records: &[R]) -> Result<Self, JournalError> {
        let unfinished = path.with_extension("tmp");
        let mut writer = BufWriter::new(File::create(&unfinished)?);
        for record in records {
            serde_json::to_writer(&mut writer, record).map_err(io::Error::from)?;
            writer.write_all(b"\n")?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
        std::fs::rename(&unfinished, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, lines: records.len(), alive: records.len() })
    }

    /// Appends one record; it is with the operating system when this returns.
    pub fn append<R: Serialize>(&mut self, record: &R) {
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        self.lines += 1;
        if let Err(error) = written {
            tracing::error!(error = %error, "a stand-in could not write its journal");
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether most of its lines are of the past.
    pub fn is_overgrown(&self) -> bool {
        self.lines > LINES_MIN && self.lines > 4 * self.alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_off_by_a_kill_is_dropped_and_damage_elsewhere_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        let gone = |id: i64| ("gone".to_owned(), id);
        let mut journal = Journal::rewrite(&path, &[gone(1)]).unwrap();
        journal.append(&gone(2));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        assert_eq!(Journal::read::<(String, i64)>(&path).unwrap().len(), 1);
        std::fs::write(&path, [b"{broken\n", whole.as_slice()].concat()).unwrap();
        let damaged = Journal::read::<(String, i64)>(&path).unwrap_err();
        assert!(matches!(damaged, JournalError::Damaged { line: 1 }), "{damaged}");
    }
}
