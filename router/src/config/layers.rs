//! Flags over environment over file over defaults: which value counts for each setting, and who gave it.

use std::collections::BTreeMap;

use super::{
    error::{ConfigError, Origin, nearest},
    settings::{self, SETTINGS, Setting},
    value::{FromValue, Raw, Value},
    yaml::{self, Entry},
};

/// Where values come from. Nothing here reads the process's environment or the disk: the caller did.
#[derive(Debug, Default)]
pub struct Sources {
    /// Values of flags, by the key of their setting.
    pub flags: Vec<(String, String)>,
    /// Environment variables that are set.
    pub environment: BTreeMap<String, String>,
    /// Name and content of the file.
    pub file: Option<(String, String)>,
}

/// A value that counts, and who gave it.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The setting.
    pub setting: &'static Setting,
    /// What was written.
    pub raw: Raw,
    /// What was understood.
    pub value: Value,
    /// Who gave it.
    pub origin: Origin,
}

/// The values in force, by concrete key.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<Vec<String>, Resolved>);

impl Values {
    /// Lays the sources over each other.
    ///
    /// # Errors
    /// Every unknown key and every value of the wrong kind, in all sources.
    pub fn resolve(sources: &Sources) -> Result<Self, Vec<ConfigError>> {
        let mut layering = Layering::default();
        layering.defaults();
        layering.file(sources);
        layering.environment(sources);
        layering.flags(sources);
        if layering.errors.is_empty() { Ok(Self(layering.values)) } else { Err(layering.errors) }
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Resolved)> {
        self.0.iter().map(|(path, resolved)| (path.join("."), resolved))
    }

    /// The value of `key`, if it has one.
    pub fn optional<T: FromValue>(&self, key: &str) -> Option<T> {
        T::from_value(&self.0.get(&split(key))?.value)
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] when nobody gave one.
    pub fn required<T: FromValue>(&self, key: &str) -> Result<T, ConfigError> {
        self.optional(key).ok_or_else(|| missing(key))
    }

    /// Who gave `key` its value.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        Some(&self.0.get(&split(key))?.origin)
    }

    /// What stands for `*` in `pattern` with its value: `named("subgraphs.*.url")` lists the subgraphs that have a URL.
    pub fn named<T: FromValue>(&self, pattern: &str) -> Vec<(String, T)> {
        let pattern = split(pattern);
        let Some(star) = pattern.iter().position(|part| part == "*") else { return Vec::new() };
        let fits = |path: &[String]| {
            path.len() == pattern.len()
                && pattern.iter().zip(path).all(|(wanted, part)| wanted == "*" || wanted == part)
        };
        self.0
            .iter()
            .filter(|(path, _)| fits(path))
            .filter_map(|(path, resolved)| Some((path[star].clone(), T::from_value(&resolved.value)?)))
            .collect()
    }
}

fn missing(key: &str) -> ConfigError {
    ConfigError::Missing { key: key.to_owned(), help: how_to_give(key) }
}

/// The ways to give the setting `key` a value.
pub fn how_to_give(key: &str) -> String {
    let setting = settings::find(&split(key));
    let flag = setting.and_then(|setting| setting.flag);
    let ways = [
        Some(flag.map_or_else(|| format!("--set {key}=VALUE"), |flag| format!("--{flag}"))),
        setting.and_then(|setting| setting.env).map(str::to_owned),
        Some(format!("`{key}` in the file")),
    ];
    format!("give {}", ways.into_iter().flatten().collect::<Vec<_>>().join(", or "))
}

fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

#[derive(Default)]
struct Layering {
    values: BTreeMap<Vec<String>, Resolved>,
    errors: Vec<ConfigError>,
}

impl Layering {
    fn defaults(&mut self) {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                self.put(setting, split(setting.key), Raw::Scalar(default.to_owned()), Origin::Default);
            }
        }
    }

    fn file(&mut self, sources: &Sources) {
        let Some((name, text)) = &sources.file else { return };
        match yaml::entries(name, text) {
            Ok(entries) => entries.into_iter().for_each(|entry| self.entry(entry)),
            Err(error) => self.errors.push(error),
        }
    }

    fn entry(&mut self, entry: Entry) {
        match settings::find(&entry.path) {
            Some(setting) => self.put(setting, entry.path, entry.raw, Origin::File(entry.value_at)),
            None => self.unknown(Origin::File(entry.key_at), entry.path.join(".")),
        }
    }

    fn environment(&mut self, sources: &Sources) {
        for setting in SETTINGS {
            let Some(name) = setting.env else { continue };
            if let Some(text) = sources.environment.get(name) {
                let origin = Origin::Environment(name.to_owned());
                self.put(setting, split(setting.key), Raw::Scalar(text.clone()), origin);
            }
        }
    }

    fn flags(&mut self, sources: &Sources) {
        for (key, text) in &sources.flags {
            let path = split(key);
            let setting = settings::find(&path);
            let flag = setting.and_then(|setting| setting.flag).unwrap_or("set");
            match setting {
                Some(setting) => {
                    self.put(setting, path, Raw::Scalar(text.clone()), Origin::Flag(flag.to_owned()))
                }
                None => self.unknown(Origin::Flag(flag.to_owned()), key.clone()),
            }
        }
    }

    fn put(&mut self, setting: &'static Setting, path: Vec<String>, raw: Raw, origin: Origin) {
        match setting.kind.read(&raw) {
            Some(value) => {
                self.values.insert(path, Resolved { setting, raw, value, origin });
            }
            None => self.errors.push(ConfigError::Invalid {
                origin,
                key: path.join("."),
                shown: if setting.secret { "not shown".to_owned() } else { format!("`{raw}`") },
                allowed: setting.kind.describe(),
            }),
        }
    }

    fn unknown(&mut self, origin: Origin, key: String) {
        let nearest = nearest(&key, SETTINGS.iter().map(|setting| setting.key));
        self.errors.push(ConfigError::Unknown { origin, key, nearest });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Sources {
        Sources { file: Some(("router.yaml".to_owned(), text.to_owned())), ..Sources::default() }
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let mut sources = file("listen: file:1\nwatch: false\nintrospection: false\n");
        sources.environment.insert("EVENTHUB_LISTEN".to_owned(), "env:1".to_owned());
        sources.environment.insert("EVENTHUB_WATCH".to_owned(), "true".to_owned());
        sources.flags.push(("listen".to_owned(), "flag:1".to_owned()));
        let values = Values::resolve(&sources).unwrap();
        assert_eq!(values.optional::<String>("listen").as_deref(), Some("flag:1"));
        assert_eq!(values.optional::<bool>("watch"), Some(true));
        assert_eq!(values.optional::<bool>("introspection"), Some(false));
        assert_eq!(values.origin("introspection").unwrap().to_string(), "router.yaml:3:16");
        assert_eq!(values.origin("limits.response"), Some(&Origin::Default));
    }

    #[test]
    fn all_mistakes_are_reported_at_once_with_their_places() {
        let mut sources =
            file("lisen: a:1\nlimits:\n  deadline: soon\n  respons: 1MiB\nadmin: { token: [x] }\n");
        sources.environment.insert("EVENTHUB_WATCH".to_owned(), "perhaps".to_owned());
        let errors: Vec<String> =
            Values::resolve(&sources).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "router.yaml:1:1: unknown setting `lisen`; did you mean `listen`?",
                "router.yaml:3:13: `limits.deadline` is `soon`, but must be a duration with its unit: 500ms, 10s, 2m, 1h",
                "router.yaml:4:3: unknown setting `limits.respons`; did you mean `limits.response`?",
                "router.yaml:5:17: `admin.token` is not shown, but must be text",
                "EVENTHUB_WATCH: `watch` is `perhaps`, but must be true or false",
            ]
        );
    }

    #[test]
    fn names_chosen_by_the_operator_are_listed() {
        let values = Values::resolve(&file(
            "subgraphs:\n  reviews: { url: 'http://a:1/' }\n  user: { url: 'http://b:2' }\n",
        ))
        .unwrap();
        let named: Vec<(String, String)> = values.named("subgraphs.*.url");
        assert_eq!(
            named,
            [("reviews".to_owned(), "http://a:1".to_owned()), ("user".to_owned(), "http://b:2".to_owned())]
        );
    }
}
