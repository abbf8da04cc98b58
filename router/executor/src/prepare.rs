//! A query plan, prepared once for many executions: names become slots, so that no request looks a name up in a map.
//!
//! Every object position of the data tree gets a fixed row of slots, one for each internal key that any fetch writes there. What a fetch
//! reads, what a representation sends and what the client sees are then written in slots.

mod fetches;
mod layout;
mod shapes;
mod types;

use std::sync::Arc;

use planner::QueryPlan;

pub(crate) use fetches::{
    DataField, DataPart, EntityRequest, FieldRead, Keyed, ObjectRead, PreparedContext, PreparedFetch,
    PreparedField, PreparedRepresentation, PreparedSource, PreparedTarget, Step, TypenameSent, ValueRead,
    quote_key,
};
pub(crate) use layout::{Layout, PositionId, Slot};
pub(crate) use shapes::{
    Common, Kind, PreparedShape, PreparedShapeId, Shapes, ShownField, Source, Type, Variant,
};
pub(crate) use types::{TypeId, Types};

/// A query plan with everything that can be worked out before the first request. Made once per plan, kept beside it in the plan cache.
#[derive(Debug)]
pub struct PreparedPlan {
    plan: Arc<QueryPlan>,
    pub(crate) types: Types,
    pub(crate) layout: Layout,
    pub(crate) fetches: Vec<PreparedFetch>,
    pub(crate) shapes: Shapes,
}

impl PreparedPlan {
    /// Prepares `plan`. The cost grows with the plan alone.
    pub fn new(plan: Arc<QueryPlan>) -> Self {
        let mut types = Types::default();
        let mut layout = Layout::of(&plan);
        let shapes = Shapes::prepare(&plan, &mut layout, &mut types);
        let fetches = fetches::prepare(&plan, &layout, &mut types);
        Self { plan, types, layout, fetches, shapes }
    }

    /// Slots of the root object.
    pub(crate) fn root_width(&self) -> u32 {
        self.layout.width(Layout::ROOT)
    }

    /// The plan that was prepared.
    pub fn plan(&self) -> &QueryPlan {
        &self.plan
    }
}
