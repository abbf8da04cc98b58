//! The spacemaster database.
