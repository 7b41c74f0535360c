//! Where names come from.
