//! Which files of a folder are one model of Firefox, by the names that its training pipeline gives
//! them (mozilla/translations, `pipeline/quantize/export.sh`).

use super::super::files::{ModelFiles, Shelf, TokenizerFiles};
use super::super::{Error, Result};

/// What a model without a `config.json` has in its names; the pair of languages stands between.
const MODEL: &str = "model.";
const GZIPPED: &str = ".gz";
/// The pair that is meant where a folder holds several.
const PAIR: &str = "faen";

/// The names of the files of one model.
struct Names {
    model: String,
    source: String,
    target: String,
    shortlist: Option<String>,
}

/// Names that the files of a model in a folder without a listing may have, those of the same file
/// in the order in which they are looked for.
///
/// * `folder`: its address or path, with a slash at its end; the last part may be the pair of
///   languages, as in Mozilla's repositories
/// * `model`: the name of the model file, where it is known
#[cfg(feature = "hub")]
pub(in crate::model) fn beside(folder: &str, model: &str) -> Vec<Vec<String>> {
    let last = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let letters = |text: &str| text.len() >= 4 && text.bytes().all(|b| b.is_ascii_lowercase());
    let pair = pair(model).filter(|pair| letters(pair)).or(Some(last).filter(|last| letters(last)));
    let pair = pair.unwrap_or(PAIR);
    let both = |names: &[String]| -> Vec<String> {
        names.iter().flat_map(|name| [format!("{name}{GZIPPED}"), name.clone()]).collect()
    };
    let models = if model.is_empty() {
        let name = |kind| format!("{MODEL}{pair}.{kind}.bin");
        both(&[name("intgemm.alphas"), name("intgemm8")])
    } else {
        vec![model.to_string()]
    };
    let mut all = vec![models];
    for start in ["vocab", "srcvocab", "trgvocab"] {
        all.push(both(&[format!("{start}.{pair}.spm")]));
    }
    all.push(both(&[format!("lex.50.50.{pair}.s2t.bin")]));
    all
}

/// Whether the place holds a model of this kind, whole or not.
pub(in crate::model) fn is_here(shelf: &dyn Shelf) -> bool {
    shelf.names().iter().any(|name| is_model(name))
}

/// Takes the files from the shelf, the weights last.
pub(in crate::model) fn gather(model: &str, shelf: &mut dyn Shelf) -> Result<ModelFiles> {
    let names =
        choose(&shelf.names()).map_err(|what| Error::Missing { model: model.to_string(), what })?;
    let source = shelf.take(&names.source)?;
    let target =
        if names.target == names.source { source.clone() } else { shelf.take(&names.target)? };
    let shortlist = names.shortlist.map(|name| shelf.take(&name)).transpose()?;
    let weights = shelf.take(&names.model)?;
    Ok(ModelFiles {
        name: model.to_string(),
        config: weights.clone(),
        generation_config: None,
        tokenizer: TokenizerFiles::Bergamot { source, target },
        weights: std::iter::once(weights).chain(shortlist).collect(),
    })
}

/// `model.faen.intgemm.alphas.bin`, `model.faen.intgemm8.bin`, each also with `.gz`.
fn is_model(name: &str) -> bool {
    name.starts_with(MODEL) && plain(name).strip_suffix(".bin").is_some()
}

/// A name without the ending of compression.
fn plain(name: &str) -> &str {
    name.strip_suffix(GZIPPED).unwrap_or(name)
}

/// The pair of languages in `model.faen.intgemm.alphas.bin`; nothing in `model.bin`.
fn pair(model: &str) -> Option<&str> {
    plain(model).strip_prefix(MODEL)?.split_once('.').map(|(pair, _)| pair)
}

fn choose(names: &[String]) -> Result<Names, String> {
    let mut models: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| is_model(name)).collect();
    // With factors for the inputs of products first, not compressed first.
    models.sort_by_key(|name| (!name.contains(".alphas."), name.ends_with(GZIPPED), *name));
    let pairs = || models.iter().map(|name| pair(name));
    let wanted = if pairs().any(|pair| pair == Some(PAIR)) {
        Some(PAIR)
    } else if pairs().all(|other| other == pairs().next().flatten()) {
        pairs().next().flatten()
    } else {
        return Err(format!("a model alone: there are {}", models.join(", ")));
    };
    let model = models.iter().find(|name| pair(name) == wanted).ok_or("model.*.bin")?;
    // `vocab.faen.spm`, and in folders that hold one model `vocab.spm` as well.
    let find = |start: &str, end: &str| {
        let fits = |name: &&String| {
            let middle = plain(name).strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            middle.is_some_and(|middle| {
                middle.is_empty()
                    || wanted.is_none_or(|pair| middle.split('.').any(|part| part == pair))
            })
        };
        names.iter().filter(fits).min_by_key(|name| name.ends_with(GZIPPED)).cloned()
    };
    let (source, target) = if let Some(shared) = find("vocab", ".spm") {
        (shared.clone(), shared)
    } else if let (Some(source), Some(target)) =
        (find("srcvocab", ".spm"), find("trgvocab", ".spm"))
    {
        (source, target)
    } else {
        let pair = wanted.map_or(String::new(), |pair| format!(".{pair}"));
        return Err(format!(
            "a vocabulary (vocab{pair}.spm, or srcvocab{pair}.spm + trgvocab{pair}.spm)"
        ));
    };
    Ok(Names { model: (*model).to_string(), source, target, shortlist: find("lex", ".bin") })
}
