use proptest::prelude::*;

use super::*;
use crate::model::testing::dict;

fn said(left: &Value, right: &Value) -> Vec<String> {
    diff(left, right, 100).found.iter().map(ToString::to_string).collect()
}

fn config(version: &str, ports: &[i64]) -> Value {
    let tls = dict(&[("min_version", Value::from(version)), ("a key", Value::from(1))]);
    dict(&[("tls", tls), ("ports", Value::list(ports.iter().map(|port| Value::from(*port))))])
}

#[test]
fn differences_are_named_by_path() {
    let (left, right) = (config("1.2", &[80, 443]), config("1.0", &[80, 8443, 9]));
    assert_eq!(
        said(&left, &right),
        ["tls.min_version: '1.2' → '1.0'", "ports[1]: 443 → 8443", "ports[2]: (absent) → 9"]
    );
    assert_eq!(said(&left, &left.clone()), [""; 0]);
    assert_eq!(said(&Value::from(1), &Value::from(1.0)), ["1 → 1.0"]);
    assert_eq!(said(&Value::from("1"), &Value::from(1)), ["'1' → 1"]);
}

#[test]
fn keys_that_are_no_names_stand_in_brackets() {
    let one = |key: Value, value: i64| Value::dict([(key, Value::from(value))]);
    assert_eq!(said(&one(Value::from(5), 1), &one(Value::from(5), 2)), ["[5]: 1 → 2"]);
    assert_eq!(said(&one(Value::from("a b"), 1), &one(Value::from("a b"), 2)), ["[\"a b\"]: 1 → 2"]);
}

#[test]
fn sets_are_compared_by_what_is_in_them() {
    use crate::wire::value::NodeId;
    use std::sync::Arc;
    let set = |numbers: &[i64]| {
        let mut nodes: Vec<Node> = numbers.iter().map(|number| Node::Int(*number)).collect();
        nodes.push(Node::Set((0..numbers.len() as u32).map(NodeId).collect()));
        Value::new(Arc::new(nodes), NodeId(numbers.len() as u32))
    };
    assert_eq!(said(&set(&[1, 2, 3]), &set(&[3, 1, 4])), ["{}: 2 → (absent)", "{}: (absent) → 4"]);
}

#[test]
fn a_limit_is_kept_and_told() {
    let list = |add: i64| Value::list((0..10).map(|number| Value::from(number + add)));
    let result = diff(&list(0), &list(1), 3);
    assert_eq!((result.found.len(), result.cut), (3, true));
    assert!(!diff(&list(0), &list(1), 10).cut);
}

#[test]
fn a_cycle_ends() {
    use crate::wire::value::NodeId;
    use std::sync::Arc;
    let turning = |number| {
        Value::new(
            Arc::new(vec![Node::List(vec![NodeId(0), NodeId(0), NodeId(1)]), Node::Int(number)]),
            NodeId(0),
        )
    };
    assert!(!diff(&turning(1), &turning(2), 10).found.is_empty());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::from(())),
        any::<bool>().prop_map(Value::from),
        (0..3i64).prop_map(Value::from),
        (0..3i32).prop_map(|number| Value::from(f64::from(number))),
        "[ab]{0,2}".prop_map(|text| Value::from(text.as_str())),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::btree_map("[ab]{1,2}", inner, 0..4).prop_map(|pairs| Value::dict(
                pairs.iter().map(|(key, value)| (Value::from(key.as_str()), value.clone()))
            )),
        ]
    })
}

proptest! {
    #[test]
    fn there_is_a_difference_exactly_where_values_are_not_equal(left in any_value(), right in any_value()) {
        prop_assert_eq!(diff(&left, &right, 10).found.is_empty(), left == right);
        prop_assert!(diff(&left, &left.clone(), 10).found.is_empty());
        prop_assert!(!left.is_twin(&right) || left.digest() == right.digest());
    }
}
