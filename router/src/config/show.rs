//! Configuration for people and tools: `config explain`, `config schema`, and the masked view of the admin API.

use serde_json::{Map, Value as Json, json};

use super::{
    layers::{Resolved, Values},
    settings::{SETTINGS, Setting},
    value::Kind,
};

/// One line a setting: its value and who gave it; `unset` for those that nobody gave one.
pub fn explain(values: &Values) -> String {
    let set = values.iter().map(|(key, resolved)| (key, shown(resolved), resolved.origin.to_string()));
    let mut rows: Vec<(String, String, String)> = set.chain(unset(values)).collect();
    rows.sort();
    let key_width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let value_width = rows.iter().map(|row| row.1.len()).max().unwrap_or(0).min(60);
    rows.iter()
        .map(|(key, value, origin)| format!("{key:key_width$}  {value:value_width$}  {origin}\n"))
        .collect()
}

fn unset(values: &Values) -> impl Iterator<Item = (String, String, String)> {
    let is_set = |setting: &Setting| values.iter().any(|(_, resolved)| resolved.setting.key == setting.key);
    let unset = SETTINGS.iter().filter(move |setting| !is_set(setting));
    unset.map(|setting| (setting.key.to_owned(), "-".to_owned(), "unset".to_owned()))
}

/// The values in force as JSON, secrets masked.
pub fn masked(values: &Values) -> Json {
    let rows = values.iter().map(|(key, resolved)| {
        (key, json!({ "value": shown(resolved), "from": resolved.origin.to_string() }))
    });
    Json::Object(rows.collect())
}

fn shown(resolved: &Resolved) -> String {
    if resolved.setting.secret { "***".to_owned() } else { resolved.raw.to_string() }
}

/// JSON Schema of the file.
pub fn schema() -> Json {
    let mut root = section();
    for setting in SETTINGS {
        let parts: Vec<&str> = setting.key.split('.').collect();
        insert(&mut root, &parts, setting);
    }
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("Configuration of eventhub-router"));
    Json::Object(root)
}

fn section() -> Map<String, Json> {
    let empty = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    match empty {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn insert(node: &mut Map<String, Json>, parts: &[&str], setting: &Setting) {
    let [name, rest @ ..] = parts else { return };
    let slot = if *name == "*" {
        let slot = node.entry("additionalProperties").or_insert(Json::Bool(false));
        if slot.is_boolean() {
            *slot = Json::Object(section());
        }
        slot
    } else {
        let Some(Json::Object(properties)) = node.get_mut("properties") else { return };
        properties.entry((*name).to_owned()).or_insert_with(|| Json::Object(section()))
    };
    if rest.is_empty() {
        *slot = leaf(setting);
    } else if let Json::Object(inner) = slot {
        insert(inner, rest, setting);
    }
}

fn leaf(setting: &Setting) -> Json {
    let mut leaf = match setting.kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer => json!({ "type": "integer", "minimum": 0 }),
        Kind::OneOf(words) => json!({ "enum": words }),
        Kind::List | Kind::Networks => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Duration => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h)$" }),
        Kind::Size => json!({ "type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)$" }),
        Kind::Url => json!({ "type": "string", "format": "uri" }),
        Kind::Text | Kind::Path | Kind::Address => json!({ "type": "string" }),
    };
    leaf["description"] = json!(setting.about);
    if let Some(default) = setting.default {
        leaf["default"] = json!(default);
    }
    if let Some(env) = setting.env {
        leaf["x-environment"] = json!(env);
    }
    leaf
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::Sources;

    #[test]
    fn secrets_are_masked_wherever_values_are_shown() {
        let mut sources = Sources::default();
        sources.environment.insert("EVENTHUB_ADMIN_TOKEN".to_owned(), "hunter2hunter2".to_owned());
        let values = Values::resolve(&sources).unwrap();
        assert!(!explain(&values).contains("hunter2"));
        assert!(!masked(&values).to_string().contains("hunter2"));
        assert_eq!(masked(&values)["admin.token"], json!({ "value": "***", "from": "EVENTHUB_ADMIN_TOKEN" }));
    }

    #[test]
    fn what_nobody_set_is_shown_as_unset() {
        let mut sources = Sources::default();
        sources.flags.push(("subgraphs.reviews.url".to_owned(), "http://a:1".to_owned()));
        let shown = explain(&Values::resolve(&sources).unwrap());
        for setting in SETTINGS.iter().filter(|setting| setting.key != "subgraphs.*.url") {
            let lines = shown.lines().filter(|line| line.split(' ').next() == Some(setting.key));
            let is_unset: Vec<bool> = lines.map(|line| line.ends_with(" unset")).collect();
            assert_eq!(is_unset, [setting.default.is_none()], "{}", setting.key);
        }
        assert!(!shown.contains("subgraphs.*.url"), "one of them is set: {shown}");
    }

    #[test]
    fn the_schema_knows_every_setting_and_refuses_others() {
        let schema = schema();
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["limits"]["properties"]["deadline"]["default"], json!("30s"));
        let any_subgraph = &schema["properties"]["subgraphs"]["additionalProperties"];
        assert_eq!(any_subgraph["properties"]["timeout"]["type"], json!("string"));
        assert_eq!(any_subgraph["additionalProperties"], json!(false));
    }
}
