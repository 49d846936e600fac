use std::path::PathBuf;

/// Why a document could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input can't be opened or read.
    #[error("could not read {}", shown(name))]
    Read {
        /// The file, or `-`.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The input has nothing to translate.
    #[error("{} is empty", shown(name))]
    Empty {
        /// The file, or `-`.
        name: String,
    },
    /// The input is not UTF-8 text.
    #[error("{} is not UTF-8 text (byte {position})", shown(name))]
    NotUtf8 {
        /// The file, or `-`.
        name: String,
        /// The first byte that is not UTF-8, from 0.
        position: usize,
    },
    /// The input is a directory.
    #[error("could not read {name}: it is a directory")]
    Directory {
        /// The directory.
        name: String,
    },
    /// The input is text, but in two or four bytes a character.
    #[error("{} is {encoding} text, not UTF-8", shown(name))]
    WideText {
        /// The file, or `-`.
        name: String,
        /// The encoding that its first bytes show, as `iconv` calls it.
        encoding: &'static str,
    },
    /// The input is a binary file.
    #[error("{} is not plain text ({what})", shown(name))]
    Binary {
        /// The file, or `-`.
        name: String,
        /// What it looks like.
        what: String,
    },
    /// The input is not what its format asks for.
    #[error("{} can't be read as {what}: {reason}", shown(name))]
    Damaged {
        /// The file, or `-`.
        name: String,
        /// The format.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The input could do harm: it unpacks or nests without measure, or wants other files read.
    #[error("{} is refused: {reason}", shown(name))]
    Refused {
        /// The file, or `-`.
        name: String,
        /// Why.
        reason: String,
    },
    /// The output is to be in the format of the article, which is not there.
    #[error(
        "{} can't be written in the format of the article: only its text is known",
        shown(name)
    )]
    NoSkeleton {
        /// The file, or `-`.
        name: String,
    },
    /// No format is known by this ending.
    #[error("no output format is known for {}", path.display())]
    Format {
        /// The output file.
        path: PathBuf,
    },
    /// The output can't be written.
    #[error("could not write {name}")]
    Write {
        /// The file, or `standard output`.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What messages call an input.
pub(super) fn shown(name: &str) -> &str {
    if name == "-" { "standard input" } else { name }
}

/// Result of the document room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "check that the file exists and that you may read it".into(),
            Self::Empty { .. } => "give a file that has text in it".into(),
            Self::NotUtf8 { .. } => {
                "save it as UTF-8, or convert it: iconv -f WINDOWS-1256 -t UTF-8 IN > OUT".into()
            }
            Self::Directory { .. } => {
                "give the files in it instead, such as DIRECTORY/*.txt".into()
            }
            Self::WideText { encoding, .. } => {
                format!("convert it first: iconv -f {encoding} -t UTF-8 IN > OUT")
            }
            Self::Binary { .. } => "save the article as plain text (.txt) in UTF-8 first".into(),
            Self::Damaged { .. } => {
                "check that it opens elsewhere, and that its ending or --input-format is right"
                    .into()
            }
            Self::Refused { .. } => {
                "open it in the program that made it and save it anew, or save its text".into()
            }
            Self::NoSkeleton { .. } => "name the article that was translated with --source".into(),
            Self::Format { .. } => {
                "end the name in .html, .docx, .tsv, .jsonl, .tmx, .xlf, .md or .txt, or use --format".into()
            },
            Self::Write { .. } => {
                "check that the folder exists, that you may write there, and that the disk has room"
                    .into()
            }
        })
    }
}
