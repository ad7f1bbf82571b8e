//! What must hold on every engine: one list of scenarios, run against each.

mod books;
mod scenarios;

macro_rules! tests {
    ($engine:ident: $($scenario:ident),+ $(,)?) => {
        $(
            #[test]
            fn $scenario() {
                super::scenarios::$scenario(crate::support::Engine::$engine);
            }
        )+
    };
}

macro_rules! every_scenario {
    ($engine:ident) => {
        tests!(
            $engine:
            a_run_stops_at_its_hold_and_its_destructive_cell_and_completes,
            a_finished_runbook_has_nothing_left_and_writes_nothing,
            one_step_at_a_time,
            until_a_step_or_a_phase,
            a_failing_statement_takes_its_whole_cell_back,
            a_done_cell_keeps_its_tokens,
            a_consent_is_for_one_text_on_one_target,
            a_replay_holds_then_finds_a_violation,
            a_rollback_undoes_in_reverse_and_the_run_goes_forward_again,
            nothing_passes_an_irreversible_step_unasked,
            a_secret_is_nowhere,
            hostile_values_stay_values,
            killed_between_batches_every_row_changes_once,
            killed_inside_a_cell_nothing_of_it_remains,
            a_second_run_is_told_who_holds_the_target,
            an_interrupt_leaves_a_run_that_continues,
            a_record_is_whole_until_somebody_edits_it,
            a_stream_ends_with_one_stop,
            a_verify_cell_cannot_write,
            a_batch_key_without_a_value_is_said,
            a_changed_rollback_cell_does_not_go_on_half_way,
            a_printed_command_holds_no_secret,
        );
    };
}

macro_rules! runs_on {
    ($module:ident, $engine:ident) => {
        mod $module {
            every_scenario!($engine);
        }
    };
}

// The engines that Rollbook runs on, a line each.
runs_on!(sqlite, Sqlite);
runs_on!(postgres, Postgres);
runs_on!(postgres18, Postgres18);
runs_on!(mariadb, Mariadb);
runs_on!(mysql, Mysql);
