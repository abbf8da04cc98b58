//! The venues and rooms that are there from the first start: venue 1 with room 101 as in the original's examples, and a few more.

use entities::spacemaster::{rooms, venues};
use sea_orm::ActiveValue::Set;

/// Number, name, city, address, description, and the rooms as number, name and capacity.
type Seed =
    (i32, &'static str, &'static str, &'static str, &'static str, &'static [(i32, &'static str, i32)]);

const VENUES: [Seed; 4] = [
    (
        1,
        "Balai Sidang Nusantara",
        "Jakarta",
        "Jl. Jenderal Sudirman 1, Jakarta Pusat",
        "Concert and convention hall in the middle of the city",
        &[(101, "Aula Utama", 500), (102, "Ruang Cendrawasih", 120), (103, "Ruang Merak", 60)],
    ),
    (
        2,
        "Gedung Kesenian Losari",
        "Makassar",
        "Jl. Penghibur 12, Makassar",
        "Theatre by the sea",
        &[(201, "Panggung Terbuka", 1200), (202, "Teater Kecil", 180)],
    ),
    (
        3,
        "Taman Budaya Dago",
        "Bandung",
        "Jl. Bukit Dago Utara 53, Bandung",
        "Arts centre with an open-air stage",
        &[(301, "Teater Terbuka", 800), (302, "Galeri", 90)],
    ),
    (
        4,
        "Stadion Cenderawasih",
        "Jayapura",
        "Jl. Raya Sentani 7, Jayapura",
        "Stadium",
        &[(401, "Lapangan", 40_000), (402, "Ruang Media", 45)],
    ),
];

/// The rows of the venues.
pub(crate) fn venues() -> impl Iterator<Item = venues::ActiveModel> {
    VENUES.into_iter().map(|(id, name, city, address, description, _)| venues::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        city: Set(city.to_owned()),
        address: Set(address.to_owned()),
        description: Set(Some(description.to_owned())),
    })
}

/// The rows of their rooms.
pub(crate) fn rooms() -> impl Iterator<Item = rooms::ActiveModel> {
    VENUES.into_iter().flat_map(|(venue, .., rooms)| {
        rooms.iter().map(move |&(id, name, capacity)| rooms::ActiveModel {
            id: Set(id),
            venue_id: Set(venue),
            name: Set(name.to_owned()),
            capacity: Set(capacity),
        })
    })
}
