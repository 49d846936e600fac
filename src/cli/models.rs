//! Owns `tarjoman models`: lists, fetches, chooses and removes models. Does not know how files
//! come (that is `model::source`) or what a model does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;

use super::config::{self, Config};
use super::exit::Refusal;
use super::output::Output;
use super::progress::{Download, size};
use super::show_progress;
use crate::model::config::FAMILIES;
use crate::model::source::hub::{self, CachedModel, Settings};
use crate::model::source::{Addresses, EMBEDDED, embedded_size};
use crate::model::{FileData, ModelFiles, ModelSource, catalogue};

/// What may be typed after `models`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List known models and those in the cache (the default command)
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model into the cache and verify it
    Pull {
        /// A name from the list, ORG/NAME[@REVISION], or addresses
        model: String,
    },
    /// Make a model the default, fetching it where that is needed
    Use {
        /// A name from the list, ORG/NAME[@REVISION], a folder, addresses, or `embedded`
        model: String,
    },
    /// Delete a model from the cache, all its revisions
    Remove {
        /// A name from the list, ORG/NAME, or addresses
        model: String,
    },
}

/// Runs `tarjoman models`.
///
/// # Errors
/// When a model is not there or can't be fetched, or a file can't be written.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        None => list(arguments.json),
        Some(Command::List { json }) => list(*json),
        Some(Command::Pull { model }) => pull(model),
        Some(Command::Use { model }) => make_default(model),
        Some(Command::Remove { model }) => remove(model),
    }
}

/// A line of the list.
#[derive(Serialize)]
struct Row {
    name: Option<String>,
    id: String,
    family: String,
    /// What a pull fetches.
    size_bytes: Option<u64>,
    licence: Option<String>,
    commercial: Option<bool>,
    languages: Option<String>,
    prefix: Option<String>,
    recommended: Option<bool>,
    note: Option<String>,
    /// Whether it can be used without the network.
    cached: bool,
    /// What it takes on disk.
    cached_bytes: Option<u64>,
    path: Option<PathBuf>,
    default: bool,
}

fn list(json: bool) -> Result<()> {
    let rows = rows()?;
    Output::open(None)?.write(|out| {
        if json {
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        } else {
            table(&rows, out)
        }
    })?;
    Ok(())
}

fn rows() -> Result<Vec<Row>> {
    let default = config::default_model()?;
    let mut cached = hub::cache::list(&Settings::from_env().cache);
    let mut rows = Vec::new();
    for entry in catalogue::entries() {
        let copy = cached.iter().position(|model| model.repo == entry.id);
        let copy = copy.map(|index| cached.remove(index));
        let embedded = entry.id == EMBEDDED;
        rows.push(Row {
            name: Some(entry.name.clone()),
            id: entry.id.clone(),
            family: entry.family.clone(),
            size_bytes: if embedded { embedded_size() } else { Some(entry.size_mb * 1_000_000) },
            licence: Some(entry.licence.clone()),
            commercial: Some(entry.commercial),
            languages: Some(entry.languages.clone()),
            prefix: entry.prefix.clone(),
            recommended: Some(entry.recommended),
            note: Some(entry.note.clone()),
            default: is(&default, &entry.id),
            ..of_cache(&entry.id, copy.as_ref())
        });
    }
    for model in &cached {
        // Others in a shared cache are not for us.
        let ours = |family: &String| FAMILIES.contains(&family.as_str());
        if let Some(family) = model.family().filter(ours) {
            let default = is(&default, &model.repo);
            rows.push(Row { family, default, ..of_cache(&model.repo, Some(model)) });
        }
    }
    // The default may be a folder, or a model that is neither known nor cached.
    if !rows.iter().any(|row| row.default) {
        let (id, cached, path) = match &default {
            ModelSource::Folder(path) => (default.to_string(), path.is_dir(), Some(path.clone())),
            ModelSource::Addresses(addresses) => {
                let cached = hub::site::size(addresses, &Settings::from_env().cache).is_some();
                (default.to_string(), cached, None)
            }
            other => (other.to_string(), false, None),
        };
        rows.push(Row { cached, path, default: true, ..of_cache(&id, None) });
    }
    Ok(rows)
}

/// What the cache knows about a model, and nothing else.
fn of_cache(id: &str, copy: Option<&CachedModel>) -> Row {
    let embedded = id == EMBEDDED;
    Row {
        name: None,
        id: id.to_string(),
        family: "?".into(),
        size_bytes: None,
        licence: None,
        commercial: None,
        languages: None,
        prefix: None,
        recommended: None,
        note: None,
        cached: copy.is_some_and(|copy| copy.complete.is_some())
            || (embedded && embedded_size().is_some()),
        cached_bytes: copy.map(|copy| copy.bytes),
        path: copy.and_then(|copy| copy.complete.clone()),
        default: false,
    }
}

fn is(source: &ModelSource, id: &str) -> bool {
    match source {
        ModelSource::Embedded => id == EMBEDDED,
        ModelSource::Hub { repo, .. } => repo == id,
        ModelSource::Folder(_) | ModelSource::Addresses(_) => false,
    }
}

fn table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_string();
    let unknown = || "?".to_string();
    let mut cells = vec![
        ["", "NAME", "FAMILY", "SIZE", "LICENCE", "COMMERCIAL", "CACHED", "ID"].map(String::from),
    ];
    for row in rows {
        cells.push([
            if row.default { "*" } else { "" }.into(),
            row.name.clone().unwrap_or_else(|| "-".into()),
            row.family.clone(),
            match row.size_bytes {
                Some(bytes) if row.id == EMBEDDED => size(bytes),
                Some(bytes) => format!("~{}", size(bytes)),
                None => unknown(),
            },
            row.licence.clone().unwrap_or_else(unknown),
            row.commercial.map_or_else(unknown, yes),
            match row.cached_bytes {
                Some(bytes) if row.cached => format!("yes, {}", size(bytes)),
                Some(bytes) => format!("in part, {}", size(bytes)),
                None if row.id == EMBEDDED && row.cached => "built in".into(),
                None => yes(row.cached),
            },
            row.id.clone(),
        ]);
    }
    let widths: [usize; 8] = std::array::from_fn(|column| {
        cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    for row in &cells {
        let line: Vec<_> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    writeln!(out)?;
    for row in rows {
        if let (Some(name), Some(note)) = (&row.name, &row.note) {
            writeln!(out, "{name}: {note}")?;
        }
    }
    writeln!(out, "* is the default; `tarjoman models use NAME` changes it.")
}

fn pull(name: &str) -> Result<()> {
    let source: ModelSource = name.parse()?;
    let files = source.resolve(&mut Download::new(show_progress(false), false))?;
    match (&source, folder(&files)) {
        (ModelSource::Hub { .. } | ModelSource::Addresses(_), Some(path)) => {
            Output::open(None)?.write(|out| writeln!(out, "{}", path.display()))?;
            eprintln!(
                "{source} is there: use it with `--model {source}`, or always after `tarjoman models use {source}`"
            );
        }
        _ => eprintln!("{source} needs no fetching; all its files are there"),
    }
    Ok(())
}

fn make_default(name: &str) -> Result<()> {
    let path = config::path()?;
    // A damaged file is found before a long download, not after it.
    Config::load_from(&path)?;
    let mut source: ModelSource = name.parse()?;
    source.resolve(&mut Download::new(show_progress(false), false))?;
    if let ModelSource::Folder(folder) = &mut source {
        *folder = std::path::absolute(&*folder)
            .with_context(|| format!("could not find out where {} is", folder.display()))?;
    }
    let text = source.to_string();
    config::set_model(&path, Some(text.as_str()).filter(|_| source != ModelSource::Embedded))?;
    eprintln!("{text} is the default model now (in {})", path.display());
    Ok(())
}

fn remove(name: &str) -> Result<()> {
    let refuse = |reason: String| Err(Refusal::Usage(reason).into());
    let repo = match name.parse()? {
        ModelSource::Addresses(addresses) => return remove_addresses(&addresses),
        ModelSource::Hub { repo, .. } if !name.contains('@') => repo,
        ModelSource::Hub { repo, .. } => {
            return refuse(format!("all revisions go together: `tarjoman models remove {repo}`"));
        }
        ModelSource::Embedded => return refuse("the embedded model is part of the program".into()),
        ModelSource::Folder(path) => {
            let path = path.display();
            return refuse(format!("{path} is a folder of yours, not a model in the cache"));
        }
    };
    let was_default = is(&config::default_model()?, &repo);
    let settings = Settings::from_env();
    let Some(freed) = hub::cache::remove(&settings.cache, &repo)? else {
        let cache = settings.cache.display();
        return Err(Refusal::Nothing(format!("model {repo} is not in the cache ({cache})")).into());
    };
    eprintln!("{repo} is deleted; that frees {}", size(freed));
    if was_default {
        config::set_model(&config::path()?, None)?;
        eprintln!("it was the default; the default is the embedded model again");
    }
    Ok(())
}

fn remove_addresses(addresses: &Addresses) -> Result<()> {
    let was_default = matches!(config::default_model()?, ModelSource::Addresses(default) if default == *addresses);
    let Some(freed) = hub::site::remove(addresses, &Settings::from_env().cache)? else {
        return Err(Refusal::Nothing(format!("model {addresses} is not in the cache")).into());
    };
    eprintln!("{addresses} is deleted; that frees {}", size(freed));
    if was_default {
        config::set_model(&config::path()?, None)?;
        eprintln!("it was the default; the default is the embedded model again");
    }
    Ok(())
}

fn folder(files: &ModelFiles) -> Option<&Path> {
    match &files.config {
        FileData::Path(path) => path.parent(),
        FileData::Static(..) => None,
    }
}
