//! What changed for the owners of the other subgraphs: ways in, sharing, moves, common types.
//!
//! The others are taken as the base has them: subgraphs are deployed one by one, and the router may still serve the base's supergraph when a
//! changed subgraph is up. Where no other subgraph depends on what changed, the change is safe.
//! Source: the federation documentation of `@key`, `@shareable` and `@override`; value types are its "value types" of Federation 2.

use super::ownership::{OwnedKey, OwnedMember, OwnedType, Ownership};
use super::{ChangeCode, Criticality, Differences};

/// One type of one subgraph, before and after.
struct Pair<'a> {
    subgraph: &'a str,
    name: &'a str,
    old: &'a OwnedType,
    new: &'a OwnedType,
    /// The other subgraphs' views of the type, as the base has them.
    others: Vec<(&'a str, &'a OwnedType)>,
}

/// Compares what each subgraph owns.
pub(super) fn compare(found: &mut Differences<'_>) {
    let (before, after) = (found.before, found.after);
    let nothing = OwnedType::default();
    for old in &before.subgraphs {
        let new = after.subgraphs.iter().find(|new| new.name == old.name);
        for (name, old_type) in &old.types {
            let new_type = new.and_then(|new| new.types.get(name));
            let pair = Pair {
                subgraph: &old.name,
                name,
                old: old_type,
                new: new_type.unwrap_or(&nothing),
                others: others(&before.subgraphs, &old.name, name),
            };
            compare_keys(found, &pair);
            compare_sharing(found, &pair);
            compare_value_type(found, &pair);
        }
    }
    compare_moves(found);
}

fn others<'a>(subgraphs: &'a [Ownership], own: &str, ty: &str) -> Vec<(&'a str, &'a OwnedType)> {
    let others = subgraphs.iter().filter(|other| other.name != own);
    others.filter_map(|other| Some((other.name.as_str(), other.types.get(ty)?))).collect()
}

/// Those of the others for which `depends` holds.
fn dependents<'a>(pair: &Pair<'a>, depends: impl Fn(&OwnedType) -> bool) -> Vec<&'a str> {
    pair.others.iter().filter(|(_, other)| depends(other)).map(|(name, _)| *name).collect()
}

/// Reports a change of one subgraph, which breaks those that depend on it.
fn report(
    found: &mut Differences<'_>,
    code: ChangeCode,
    pair: &Pair<'_>,
    coordinate: String,
    (what, dependents): (String, &[&str]),
) {
    let whose = match dependents {
        [] => "no other subgraph depends on it".to_owned(),
        names => format!("{} depends on it", names.join(", ")),
    };
    found.report(code, coordinate, format!("[{}] {what}; {whose}", pair.subgraph));
    let Some(change) = found.changes.last_mut() else { return };
    change.criticality = if dependents.is_empty() { Criticality::Safe } else { Criticality::Breaking };
    // The type may stand in many subgraphs: what changed stands in this one.
    for places in [&mut change.before, &mut change.after] {
        if places.iter().any(|place| place.subgraph == pair.subgraph) {
            places.retain(|place| place.subgraph == pair.subgraph);
        }
    }
}

fn compare_keys(found: &mut Differences<'_>, pair: &Pair<'_>) {
    let gone: Vec<(&String, &OwnedKey)> =
        pair.old.keys.iter().filter(|(key, _)| !pair.new.keys.contains_key(*key)).collect();
    let added: Vec<(&String, &OwnedKey)> =
        pair.new.keys.iter().filter(|(key, _)| !pair.old.keys.contains_key(*key)).collect();
    for (index, (key, old)) in gone.iter().enumerate() {
        let dependents = dependents(pair, |other| old.resolvable && can_give(other, old));
        let (code, what) = match added.get(index) {
            Some((new, _)) => {
                (ChangeCode::KeyChanged, format!("the key \"{key}\" of {} became \"{new}\"", pair.name))
            }
            None => (ChangeCode::KeyRemoved, format!("the key \"{key}\" of {} was removed", pair.name)),
        };
        report(found, code, pair, pair.name.to_owned(), (what, &dependents));
        let Some(change) = found.changes.last_mut() else { return };
        change.before = old.place.clone().map_or_else(|| change.before.clone(), |place| vec![place]);
        if let Some(place) = added.get(index).and_then(|(_, new)| new.place.clone()) {
            change.after = vec![place];
        }
    }
    if pair.old.is_resolvable() && !pair.new.is_resolvable() {
        let dependents = dependents(pair, |other| {
            pair.old.keys.values().any(|key| key.resolvable && can_give(other, key))
        });
        let what = format!("{} is not resolved by any key any more", pair.name);
        report(found, ChangeCode::EntityUnresolvable, pair, pair.name.to_owned(), (what, &dependents));
    }
}

/// Whether objects of a subgraph carry what the key asks for, so that the router can go on from them.
fn can_give(other: &OwnedType, key: &OwnedKey) -> bool {
    !key.fields.is_empty() && key.fields.iter().all(|field| other.members.contains_key(field))
}

fn compare_sharing(found: &mut Differences<'_>, pair: &Pair<'_>) {
    for (name, _) in pair.old.members.iter().filter(|(_, old)| old.shareable && old.resolved) {
        let Some(new) = pair.new.members.get(name) else { continue };
        if new.shareable || !new.resolved {
            continue;
        }
        let resolves = |member: &OwnedMember| member.resolved;
        let dependents = dependents(pair, |other| other.members.get(name).is_some_and(resolves));
        let coordinate = format!("{}.{name}", pair.name);
        let what = format!("{coordinate} is not @shareable any more");
        report(found, ChangeCode::ShareableRemoved, pair, coordinate, (what, &dependents));
    }
}

/// Value types are those that several subgraphs define in full, without a key to get from one to the other.
fn compare_value_type(found: &mut Differences<'_>, pair: &Pair<'_>) {
    let is_entity = |ty: &OwnedType| !ty.keys.is_empty();
    let is_root = ["Query", "Mutation", "Subscription"].contains(&pair.name);
    if is_root || is_entity(pair.old) || pair.others.iter().any(|(_, other)| is_entity(other)) {
        return;
    }
    for (name, old) in pair.old.members.iter().filter(|(_, old)| old.resolved) {
        let dependents =
            dependents(pair, |other| other.members.get(name).is_some_and(|member| member.resolved));
        if dependents.is_empty() {
            continue;
        }
        let coordinate = format!("{}.{name}", pair.name);
        match pair.new.members.get(name) {
            None => {
                let what = format!("{coordinate} is not defined any more");
                report(found, ChangeCode::ValueTypeChanged, pair, coordinate, (what, &dependents));
                // Enums that are only answered merge by union: a value fewer here leaves the others as they are.
                soften(found, old.ty.is_empty());
            }
            Some(new) if new.ty != old.ty => {
                let what = format!("{coordinate} is {}, and was {}", new.ty, old.ty);
                report(found, ChangeCode::ValueTypeChanged, pair, coordinate, (what, &dependents));
                // Types that differ only in what may be null merge: the change is felt, but nothing breaks.
                soften(found, old.ty.replace('!', "") == new.ty.replace('!', ""));
            }
            Some(_) => {}
        }
    }
}

/// Calls the last change dangerous where the others merge with it all the same.
fn soften(found: &mut Differences<'_>, merges: bool) {
    if let Some(change) = found.changes.last_mut().filter(|_| merges) {
        change.criticality = Criticality::Dangerous;
    }
}

/// Fields that a subgraph takes over from one that resolves them in the base.
fn compare_moves(found: &mut Differences<'_>) {
    let (before, after) = (found.before, found.after);
    for to in &after.subgraphs {
        for (ty, new) in &to.types {
            for (field, member) in &new.members {
                let Some(from) = &member.taken_from else { continue };
                let was = |subgraph: &str| {
                    let subgraph = before.subgraphs.iter().find(|known| known.name == subgraph)?;
                    subgraph.types.get(ty)?.members.get(field)
                };
                let is_new = was(&to.name).is_none_or(|old| old.taken_from.as_ref() != Some(from));
                if is_new && was(from).is_some_and(|old| old.resolved) {
                    let coordinate = format!("{ty}.{field}");
                    let message = format!("[{}] {coordinate} is taken over from {from}", to.name);
                    found.report(ChangeCode::FieldMoved, coordinate, message);
                }
            }
        }
    }
}
