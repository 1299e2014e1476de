//! The order-fulfillment workflow, case by case.

use super::simulation::{Builder, Happened, Scenario, Simulation};
use crate::engine::{Answer, Attempted, Cause, NodeState, Status};
use std::time::Duration;

const WEBHOOK: usize = 0;
const VALIDATE: usize = 1;
const CHECK: usize = 2;
const PAYMENT: usize = 3;
const UPDATE: usize = 4;
const SHIPPING: usize = 5;
const CONFIRM: usize = 6;
const STATUS: usize = 7;
const WAREHOUSE: usize = 8;
const VALIDATION_HANDLER: usize = 9;
const PAYMENT_HANDLER: usize = 10;
const BACKORDER_HANDLER: usize = 11;

const RETRYABLE: Attempted = Attempted::Retryable { after: None };

/// What the conditions read.
struct World {
    valid: bool,
    /// `result.available` of the inventory; `None`: missing.
    available: Option<bool>,
    /// `result.success` of the payment.
    paid: bool,
}

const GOOD: World = World { valid: true, available: Some(true), paid: true };

fn order(world: &World, scripts: &[(usize, &[Attempted])]) -> Scenario {
    let mut builder = Builder::default();
    builder.limits(Some(Duration::from_secs(600)), false, 3);
    builder.trigger();
    builder.node();
    for (retries, seconds) in [(3, 2), (2, 5), (3, 1), (2, 1), (3, 1), (3, 1), (3, 1), (3, 1), (3, 1), (3, 1)] {
        builder.retried(retries, seconds);
    }
    let is = |field: Option<bool>, wanted: bool| match field {
        Some(value) if value == wanted => Answer::Taken,
        Some(_) => Answer::NotTaken,
        None => Answer::MissingField,
    };
    builder.required(WEBHOOK, VALIDATE);
    let valid = builder.condition(VALIDATE, CHECK, is(Some(world.valid), true));
    builder.condition(VALIDATE, VALIDATION_HANDLER, is(Some(world.valid), false));
    let available = builder.condition(CHECK, PAYMENT, Answer::Taken);
    let backorder = builder.condition(CHECK, BACKORDER_HANDLER, Answer::Taken);
    for (edge, wanted) in [(available, true), (backorder, false)] {
        let answer = is(world.available, wanted);
        builder.answers(edge, answer.clone(), answer, Answer::MissingField);
    }
    let paid = builder.condition(PAYMENT, UPDATE, Answer::Taken);
    let declined = builder.condition(PAYMENT, PAYMENT_HANDLER, Answer::Taken);
    builder.answers(paid, is(Some(world.paid), true), Answer::NotTaken, Answer::NotTaken);
    builder.answers(declined, is(Some(world.paid), false), Answer::NotTaken, Answer::Taken);
    for edge in [valid, available, paid] {
        builder.require(edge);
    }
    for (from, to) in [(UPDATE, SHIPPING), (SHIPPING, CONFIRM), (CONFIRM, STATUS), (STATUS, WAREHOUSE)] {
        builder.required(from, to);
    }
    if !world.valid {
        builder.script(VALIDATE, &[Attempted::NotPassed]);
    }
    for (node, script) in scripts {
        builder.script(*node, script);
    }
    builder.scenario()
}

/// Plays a case. `expected`: the nodes that run, with the number of their attempts.
fn check(world: &World, scripts: &[(usize, &[Attempted])], expected: &[(usize, u32)], status: Status) -> Option<Cause> {
    let scenario = order(world, scripts);
    let mut simulation = Simulation::new(&scenario);
    simulation.run();
    let execution = &simulation.execution;
    let ran: Vec<(usize, u32)> =
        (0..12).map(|node| (node, execution.attempts(node))).filter(|(_, attempts)| *attempts > 0).collect();
    assert_eq!(ran, expected);
    for node in (0..12).filter(|&node| execution.attempts(node) == 0) {
        assert_eq!(execution.state(node), NodeState::Skipped);
    }
    let end = execution.end().unwrap();
    assert_eq!(end.status, status);
    end.cause
}

const UP_TO_CHECK: [(usize, u32); 3] = [(WEBHOOK, 1), (VALIDATE, 1), (CHECK, 1)];

fn up_to_check(more: &[(usize, u32)]) -> Vec<(usize, u32)> {
    [&UP_TO_CHECK, more].concat()
}

#[test]
fn valid_order() {
    let all: Vec<_> = (WEBHOOK..=WAREHOUSE).map(|node| (node, 1)).collect();
    assert_eq!(check(&GOOD, &[], &all, Status::Completed), None);
}

#[test]
fn out_of_stock() {
    let world = World { available: Some(false), ..GOOD };
    check(&world, &[], &up_to_check(&[(BACKORDER_HANDLER, 1)]), Status::Completed);
}

#[test]
fn invalid_order() {
    let world = World { valid: false, ..GOOD };
    check(&world, &[], &[(WEBHOOK, 1), (VALIDATE, 1), (VALIDATION_HANDLER, 1)], Status::Completed);
}

#[test]
fn charge_says_no_success() {
    let world = World { paid: false, ..GOOD };
    check(&world, &[], &up_to_check(&[(PAYMENT, 1), (PAYMENT_HANDLER, 1)]), Status::Completed);
}

#[test]
fn charge_declined_with_402() {
    let expected = up_to_check(&[(PAYMENT, 1), (PAYMENT_HANDLER, 1)]);
    check(&GOOD, &[(PAYMENT, &[Attempted::Failed])], &expected, Status::Completed);
}

#[test]
fn charge_unavailable_three_times() {
    let expected = up_to_check(&[(PAYMENT, 3), (PAYMENT_HANDLER, 1)]);
    check(&GOOD, &[(PAYMENT, &[RETRYABLE])], &expected, Status::Completed);
}

#[test]
fn charge_unavailable_once() {
    let mut all: Vec<_> = (WEBHOOK..=WAREHOUSE).map(|node| (node, 1)).collect();
    all[PAYMENT].1 = 2;
    check(&GOOD, &[(PAYMENT, &[RETRYABLE, Attempted::Completed])], &all, Status::Completed);
}

#[test]
fn inventory_down() {
    let cause = check(&GOOD, &[(CHECK, &[RETRYABLE])], &[(WEBHOOK, 1), (VALIDATE, 1), (CHECK, 4)], Status::Error);
    assert_eq!(cause, Some(Cause::Node(CHECK)));
}

#[test]
fn inventory_answers_without_the_field() {
    let world = World { available: None, ..GOOD };
    assert_eq!(check(&world, &[], &UP_TO_CHECK, Status::Error), Some(Cause::Node(CHECK)));
}

#[test]
fn update_inventory_fails_for_ever() {
    let cause = check(&GOOD, &[(UPDATE, &[RETRYABLE])], &up_to_check(&[(PAYMENT, 1), (UPDATE, 4)]), Status::Error);
    assert_eq!(cause, Some(Cause::Node(UPDATE)));
}

#[test]
fn mail_server_down_at_the_confirmation() {
    let expected = up_to_check(&[(PAYMENT, 1), (UPDATE, 1), (SHIPPING, 1), (CONFIRM, 4)]);
    assert_eq!(check(&GOOD, &[(CONFIRM, &[RETRYABLE])], &expected, Status::Error), Some(Cause::Node(CONFIRM)));
}

#[test]
fn payment_and_its_handler_fail() {
    let scripts: [(usize, &[Attempted]); 2] =
        [(PAYMENT, &[Attempted::Failed]), (PAYMENT_HANDLER, &[Attempted::Failed])];
    let cause = check(&GOOD, &scripts, &up_to_check(&[(PAYMENT, 1), (PAYMENT_HANDLER, 1)]), Status::Error);
    assert_eq!(cause, Some(Cause::Node(PAYMENT_HANDLER)), "the payment was handled; the mail was not");
}

#[test]
fn retries_wait_as_long_as_their_policy_says() {
    let scenario = order(&GOOD, &[(PAYMENT, &[RETRYABLE])]);
    let mut simulation = Simulation::new(&scenario);
    simulation.run();
    let mut gaps = Vec::new();
    let mut ended = None;
    for (moment, happened) in &simulation.history {
        match *happened {
            Happened::Ended { node: PAYMENT, .. } => ended = Some(*moment),
            Happened::Ran { node: PAYMENT } => gaps.extend(ended.map(|ended| *moment - ended)),
            _ => {}
        }
    }
    assert_eq!(gaps, [Duration::from_secs(5), Duration::from_secs(5)]);
}
