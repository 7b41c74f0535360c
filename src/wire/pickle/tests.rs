use super::*;

fn refused(bytes: &[u8]) -> String {
    decode(bytes, &Caps::default()).unwrap_err().to_string()
}

fn shown(bytes: &[u8]) -> String {
    decode(bytes, &Caps::default()).unwrap().repr(1000)
}

#[test]
fn what_is_not_taken_is_refused_with_its_place() {
    assert!(refused(b"").contains("byte 0: the pickle ends"));
    assert!(refused(b"(lp0\n.").contains("protocols 0 and 1"));
    assert!(refused(b"\x80\x06N.").contains("protocol 6"));
    assert!(refused(b"\x80\x04N.N").contains("1 bytes follow its end"));
    assert!(refused(b"\x80\x04NN.").contains("left on the stack"));
    assert!(refused(b"\x80\x04\x82\x01.").contains("byte 2: it uses copyreg's extension registry"));
    assert!(refused(b"\x80\x04NQ.").contains("persistent ids"));
    assert!(refused(b"\x80\x05\x97.").contains("out-of-band"));
    assert!(refused(b"\x80\x04h\x05.").contains("memo entry 5 was never set"));
    assert!(refused(b"\x80\x04Nr\xff\xff\xff\x7f.").contains("out of bounds"));
    assert!(refused(b"\x80\x04B\xff\xff\xff\x7fab.").contains("2147483647 bytes are announced, 3 are left"));
    assert!(refused(b"\x80\x04](s.").contains("the stack is empty"));
}

#[test]
fn a_cap_is_kept() {
    let caps = Caps { nodes: 3, ..Caps::default() };
    assert!(decode(b"\x80\x04](NNNe.", &caps).unwrap_err().what.contains("more than 3 nodes"));
    let caps = Caps { bytes: 3, ..Caps::default() };
    assert!(decode(b"\x80\x04N.", &caps).unwrap_err().what.contains("4 bytes long"));
    let caps = Caps { stack: 2, ..Caps::default() };
    assert!(decode(b"\x80\x04](NNNe.", &caps).unwrap_err().what.contains("wait on the stack"));
    let caps = Caps { memo: 1, ..Caps::default() };
    assert!(decode(b"\x80\x04]\x94N\x94a.", &caps).unwrap_err().what.contains("memo entry 1"));
    // set(list) twice, of one list of three.
    let twice = b"\x80\x02](NNNeq\x00c__builtin__\nset\nq\x01h\x00\x85R0h\x01h\x00\x85R\x86.";
    assert_eq!(shown(twice), "([None, None, None], {None, None, None})");
    let caps = Caps { copies: 7, ..Caps::default() };
    assert!(decode(twice, &caps).unwrap_err().what.contains("copy more than 7"));
}

#[test]
fn cycles_and_shared_references_stay() {
    assert_eq!(shown(b"\x80\x04]\x94h\x00a."), "[[...]]");
    let value = decode(b"\x80\x04]\x94h\x00h\x00\x86.", &Caps::default()).unwrap_err();
    assert!(value.what.contains("left on the stack"));
    let pair = decode(b"\x80\x04]\x94h\x00\x86.", &Caps::default()).unwrap();
    let items = pair.items().unwrap();
    assert_eq!(items[0].id(), items[1].id());
}

#[test]
fn what_the_agent_tells_becomes_its_form() {
    assert_eq!(
        shown(b"\x80\x04\x8c\x06hailer\x8c\x07_opaque\x93\x8c\x07_thread\x8c\x04lock\x8c\x03<x>\x87R."),
        "<x>"
    );
    assert_eq!(
        shown(
            b"\x80\x04\x8c\x06hailer\x8c\x0a_dataclass\x93\x8c\x03app\x8c\x04Disk\x86R}\x8c\x04freeK\x01sb."
        ),
        "Disk(free=1)"
    );
    assert_eq!(
        shown(b"\x80\x04\x8c\x06hailer\x8c\x06_named\x93\x8c\x03app\x8c\x01P\x8c\x01x\x85\x87RK\x01a."),
        "P(x=1)"
    );
    assert_eq!(
        shown(b"\x80\x04\x8c\x06hailer\x8c\x05_enum\x93(\x8c\x03app\x8c\x05Color\x8c\x03REDK\x01tR."),
        "Color.RED"
    );
}
