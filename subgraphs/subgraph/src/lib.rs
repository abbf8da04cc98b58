//! What only subgraphs share: the poem endpoint, guards, errors, ids, pages, the database, the testing kit.
