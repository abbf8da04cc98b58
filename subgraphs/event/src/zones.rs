//! Which IANA zone each venue keeps its clock by.

use std::collections::BTreeMap;

use chrono_tz::Tz;

/// The zone of a venue that is not listed: where the original was used.
pub const DEFAULT_ZONE: Tz = Tz::Asia__Jakarta;

/// The zones of the venues, from configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zones(BTreeMap<i32, Tz>);

impl Zones {
    /// The zone of a venue.
    #[must_use]
    pub fn of(&self, venue: i32) -> Tz {
        self.0.get(&venue).copied().unwrap_or(DEFAULT_ZONE)
    }
}

/// The zone that is stored with a row; a name that this build no longer knows is read as the default rather than losing the row.
#[must_use]
pub fn stored(name: &str) -> Tz {
    name.parse().unwrap_or(DEFAULT_ZONE)
}

impl std::str::FromStr for Zones {
    type Err = String;

    /// Reads `1=Asia/Jakarta,2=Asia/Makassar`.
    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut zones = BTreeMap::new();
        for entry in entries {
            let (venue, zone) =
                entry.split_once('=').ok_or_else(|| format!("`{entry}` is not venue=zone"))?;
            let venue =
                venue.trim().parse::<i32>().map_err(|_| format!("`{venue}` is not a venue number"))?;
            let zone = zone.trim().parse::<Tz>().map_err(|_| format!("`{zone}` is not an IANA zone"))?;
            if zones.insert(venue, zone).is_some() {
                return Err(format!("venue {venue} is listed twice"));
            }
        }
        Ok(Self(zones))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_has_the_zone_it_is_given_or_the_default() {
        let zones: Zones = "1=Asia/Jakarta, 2=Asia/Makassar".parse().unwrap();
        assert_eq!(zones.of(2), Tz::Asia__Makassar);
        assert_eq!(zones.of(3), DEFAULT_ZONE);
        assert_eq!("".parse::<Zones>(), Ok(Zones::default()));
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        for text in ["1", "x=Asia/Jakarta", "1=Mars/Olympus", "1=Asia/Jakarta,1=Asia/Makassar"] {
            assert!(text.parse::<Zones>().is_err(), "{text}");
        }
    }
}
