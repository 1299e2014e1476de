//! Cases people meet, on the order workflow in small: `hook → validate → check → pay → ship`, with a handler for a failed
//! payment and a mail for what is out of stock.

use super::*;

const OLD: &str = "\
outline 1 fail_fast=false
node hook webhook
node validate data_filter filter_condition=1 error_message=1
node check http method=1 url=1
node pay http method=1 url=1 body=1 reads:pay
node ship http url=1 reads:pay
node payment-failed send_email body=1 reads:^
node out-of-stock send_email body=1 reads:check
edge 0 1 required
edge 1 2 when=1
edge 2 3 required when=1
edge 3 4 when=1
edge 3 5 when=2
edge 2 6 when=2";

fn outline(text: &str) -> Outline {
    Outline::read(text.lines()).unwrap()
}

/// `change`: pairs of what stands in [`OLD`] and what takes its place. `expected`: the nodes that do not simply continue.
#[track_caller]
fn check(change: &[(&str, &str)], expected: &str) {
    let mut text = OLD.to_owned();
    for (was, is) in change {
        assert!(text.contains(was), "{was}");
        text = text.replacen(was, is, 1);
    }
    let old = outline(OLD);
    let mut said = String::new();
    for Standing { node, verdict, reasons } in judge(&old, &outline(&text)) {
        assert_eq!(verdict == Verdict::Continues, reasons.is_empty());
        if verdict != Verdict::Continues {
            let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
            said += &format!("{}: {}: {}\n", old.nodes[node].id, verdict.as_str(), reasons.join("; "));
        }
    }
    assert_eq!(said.trim_end(), expected.trim());
}

#[test]
fn outlines_are_read_as_they_were_written() {
    let read = outline(OLD);
    assert_eq!(read.lines().join("\n"), OLD);
    for damaged in
        ["", "outline 2 fail_fast=false", "outline 1 fail_fast=false\nnode a", "outline 1 fail_fast=true\nedge 0 1"]
    {
        assert!(Outline::read(damaged.lines()).is_err(), "{damaged}");
    }
}

#[test]
fn nothing_changed() {
    check(&[], "");
}

#[test]
fn change_concerns_what_has_not_passed_it() {
    check(
        &[("filter_condition=1", "filter_condition=2")],
        "hook: drain first: `validate` changed: `filter_condition`
validate: drain first: `validate` changed: `filter_condition`",
    );
}

#[test]
fn changed_condition_concerns_what_may_still_ask_it() {
    check(
        &[("edge 3 4 when=1", "edge 3 4 when=3")],
        "hook: drain first: the condition of `pay` → `ship` changed
validate: drain first: the condition of `pay` → `ship` changed
check: drain first: the condition of `pay` → `ship` changed
pay: drain first: the condition of `pay` → `ship` changed",
    );
}

#[test]
fn renamed_node_has_no_place_for_those_at_it() {
    check(
        &[("node ship", "node send")],
        "hook: drain first: `ship` is gone; `send` does the same, but an execution finds its nodes by their ids; `pay` → `send` is new
validate: drain first: `ship` is gone; `send` does the same, but an execution finds its nodes by their ids; `pay` → `send` is new
check: drain first: `ship` is gone; `send` does the same, but an execution finds its nodes by their ids; `pay` → `send` is new
pay: drain first: `ship` is gone; `send` does the same, but an execution finds its nodes by their ids; `pay` → `send` is new
ship: incompatible: `ship` is gone; `send` does the same, but an execution finds its nodes by their ids; `pay` → `ship` no longer says that a failure of `pay` is handled
payment-failed: drain first: `pay` → `ship` no longer says that a failure of `pay` is handled; `ship` is gone, and a failure of it would be forgotten
out-of-stock: drain first: `pay` → `ship` no longer says that a failure of `pay` is handled; `ship` is gone, and a failure of it would be forgotten",
    );
}

#[test]
fn new_node_behind_the_last_one() {
    check(
        &[("edge 2 6 when=2", "edge 2 6 when=2\nedge 4 7"), ("edge 0 1", "node thanks send_email body=1\nedge 0 1")],
        "hook: drain first: `ship` → `thanks` is new
validate: drain first: `ship` → `thanks` is new
check: drain first: `ship` → `thanks` is new
pay: drain first: `ship` → `thanks` is new
ship: drain first: `ship` → `thanks` is new",
    );
}

#[test]
fn node_put_in_before_does_not_concern_those_beyond_it() {
    let put_in = [("edge 0 1 required", "node limits data_filter filter_condition=1\nedge 0 7\nedge 7 1")];
    check(
        &put_in,
        "hook: drain first: `hook` → `validate` is gone; `limits` → `validate` is new; `hook` → `limits` is new",
    );
}

#[test]
fn reading_what_never_ran_is_incompatible() {
    check(
        &[("node ship http url=1 reads:pay", "node ship http url=2 reads:quote"), ("edge 0 1", "node quote http\nedge 0 1")],
        "hook: incompatible: `ship` reads `quote`, which does not run before it in the old version; `ship` changed: `url`
validate: incompatible: `ship` reads `quote`, which does not run before it in the old version; `ship` changed: `url`
check: incompatible: `ship` reads `quote`, which does not run before it in the old version; `ship` changed: `url`
pay: incompatible: `ship` reads `quote`, which does not run before it in the old version; `ship` changed: `url`
ship: incompatible: `ship` reads `quote`, which does not run before it in the old version; `ship` changed: `url`",
    );
}

#[test]
fn failure_that_was_handled_stays_handled() {
    // `check` may have failed on the way to `out-of-stock`; on the way to `pay` as well, for all that is known.
    check(
        &[("edge 2 6 when=2", "edge 2 6")],
        "hook: drain first: the condition of `check` → `out-of-stock` changed
validate: drain first: the condition of `check` → `out-of-stock` changed
check: drain first: the condition of `check` → `out-of-stock` changed
pay: drain first: `check` → `out-of-stock` no longer says that a failure of `check` is handled
ship: drain first: `check` → `out-of-stock` no longer says that a failure of `check` is handled
payment-failed: drain first: `check` → `out-of-stock` no longer says that a failure of `check` is handled
out-of-stock: drain first: `check` → `out-of-stock` no longer says that a failure of `check` is handled",
    );
    let (old, new) = (outline(OLD), outline(&OLD.replace("edge 2 6 when=2", "edge 2 6")));
    assert_eq!(
        judge_at(&old, &new, 4, &|_| false).verdict,
        Verdict::Continues,
        "an execution in which it did not fail"
    );
}

#[test]
fn fail_fast_concerns_everything() {
    let text = OLD.replace("fail_fast=false", "fail_fast=true");
    let standings = judge(&outline(OLD), &outline(&text));
    assert!(standings.iter().all(|standing| standing.reasons == [Reason::FailFastChanged]));
}

#[test]
fn nodes_are_found_by_their_ids_and_edges_by_their_ends() {
    let new = "outline 1 fail_fast=false\nnode b http\nnode a http\nnode c http\nedge 1 2\nedge 1 0";
    let old = "outline 1 fail_fast=false\nnode a http\nnode b http\nnode d http\nedge 0 1\nedge 0 2";
    let translation = Translation::new(&outline(old), &outline(new));
    assert_eq!(translation, Translation { nodes: vec![Some(1), Some(0), None], edges: vec![Some(1), None] });
}
