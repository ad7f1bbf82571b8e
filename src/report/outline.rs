//! A plan as a short list: what a reader wants to know before the text itself.

use crate::figures;
use crate::plan::{Gate, Plan, Unit};

/// Phases with their steps and holds, a line each.
pub fn outline(plan: &Plan) -> String {
    let mut text = String::new();
    for phase in &plan.phases {
        if phase.hold.is_none() && plan.steps_of(&phase.name).next().is_none() {
            continue;
        }
        text.push_str(&format!("  {}\n", phase.name));
        if let Some(condition) = &phase.hold {
            text.push_str(&format!("    stops until: {condition}\n"));
        }
        for step in plan.steps_of(&phase.name) {
            let mut said = vec![figures::plural(step.forward.statements.len() as u64, "statement")];
            if matches!(step.forward.unit, Unit::Batch(_)) {
                said.push("in batches".to_owned());
            }
            match &step.forward.gate {
                Some(Gate::Declared | Gate::Destructive { .. }) => {
                    said.push("destructive: it asks first".to_owned())
                }
                None => {}
            }
            if step.irreversible.is_some() {
                said.push("cannot be undone".to_owned());
            }
            text.push_str(&format!("    {}: {}\n", step.id, said.join(", ")));
        }
    }
    text
}
