//! A stand-in for SpaceMaster, the external room scheduler, for development and tests.
