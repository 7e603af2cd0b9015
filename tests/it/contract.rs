//! What every engine has to do, and the simulation with it: one list of tests, run against both.
//! Where the real engine surprises us, the simulation follows it.

use std::panic::AssertUnwindSafe;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};

use crate::contract_changes::*;
use crate::contract_reads::*;
use crate::support::real_engine::real_engine;
use crate::support::sim_fixture::Fixture;

/// How many tests meet the real engine at a time.
const AT_ONCE: usize = 4;

macro_rules! contract {
    ($($test:ident)+) => {
        mod simulated {
            $(
                #[tokio::test(start_paused = true)]
                async fn $test() {
                    super::$test(&super::Fixture::simulated().await).await;
                }
            )+
        }

        fn all(fixture: &Fixture) -> Vec<(&'static str, BoxFuture<'_, ()>)> {
            vec![$((stringify!($test), $test(fixture).boxed())),+]
        }
    };
}

contract! {
    the_engine_says_what_it_is
    containers_are_listed_by_name
    a_container_is_described_in_full
    the_beginning_of_an_id_is_enough
    a_passing_check_is_seen
    a_failing_check_is_seen_with_its_output
    restarts_are_counted_until_the_policy_gives_up
    what_ended_well_is_told_from_what_crashed
    lines_come_from_both_streams_in_order
    the_tail_is_the_newest_lines
    lines_are_chosen_by_time
    a_follower_hears_on_until_the_end
    use_is_measured_against_the_limits
    without_limits_the_machine_is_the_measure
    what_does_not_run_is_not_measured
    processes_are_listed
    networks_know_their_members
    volumes_know_their_users
    images_are_listed_with_their_containers
    disk_use_is_summed_up
    a_watcher_hears_of_health
    starting_and_stopping_twice_is_once
    a_stop_is_recorded_in_order
    who_ignores_the_signal_is_killed_after_the_grace
    a_restart_is_a_new_life
    a_kill_is_final_whatever_the_policy
    a_signal_can_be_a_request
    the_dead_cannot_be_killed
    a_loop_of_restarts_can_be_stopped
    running_out_of_memory_leaves_its_marks
    only_force_removes_what_runs
    a_volume_in_use_stays
    programs_run_inside
    a_program_that_is_not_there_says_so
    a_slow_program_is_not_waited_for
    no_program_runs_in_the_dead
    waiting_for_health_ends_well_or_with_a_reason
    what_is_not_there_is_said_to_be_missing
}

#[tokio::test]
async fn the_real_engine_keeps_the_contract() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let fixture = Fixture::real(engine).await;
    let broken: Vec<&str> = stream::iter(all(&fixture))
        .map(|(name, test)| async move {
            let outcome = AssertUnwindSafe(test).catch_unwind().await;
            outcome.is_err().then_some(name)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(broken.is_empty(), "broken on the real engine: {broken:#?}");
}
