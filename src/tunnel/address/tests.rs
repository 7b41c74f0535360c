use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Address {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The error's column and sentence.
fn refused(text: &str) -> (usize, String) {
    let error = text.parse::<Address>().expect_err(text);
    (error.at + 1, error.why)
}

fn ssh_way(user: Option<&str>, host: &str, port: Option<u16>) -> Way {
    Way::Ssh { user: user.map(str::to_owned), host: host.to_owned(), port }
}

#[test]
fn every_kind_is_read() {
    let words =
        |words: &[&str]| Way::Command { words: words.iter().map(|word| (*word).to_owned()).collect() };
    let docker = |name: &str| Way::Docker { container: name.into() };
    let place = |text: Option<&str>| text.map(str::to_owned);
    let pod = |context, namespace, container| {
        let (context, namespace, container) = (place(context), place(namespace), place(container));
        Way::Kube(Pod { context, namespace, pod: "api-0".into(), container })
    };
    for (text, way) in [
        ("local", Way::Local { name: None }),
        ("local:two", Way::Local { name: Some("two".into()) }),
        ("web1", ssh_way(None, "web1", None)),
        ("ops@web1:2222", ssh_way(Some("ops"), "web1", Some(2222))),
        ("ssh:local", ssh_way(None, "local", None)),
        ("ssh:docker:22", ssh_way(None, "docker", Some(22))),
        ("ssh:sudo", ssh_way(None, "sudo", None)),
        ("local@docker", ssh_way(Some("local"), "docker", None)),
        ("web1?user=ops&port=2222", ssh_way(Some("ops"), "web1", Some(2222))),
        ("a@b@host", ssh_way(Some("a@b"), "host", None)),
        (r"CORP\ops@web1", ssh_way(Some(r"CORP\ops"), "web1", None)),
        ("[::1]", ssh_way(None, "::1", None)),
        ("ops@[fe80::1%eth0]:22", ssh_way(Some("ops"), "fe80::1%eth0", Some(22))),
        ("docker:cache", docker("cache")),
        ("docker:\"shop/web\"", docker("shop/web")),
        ("docker-run:python:3.12", Way::DockerRun { image: "python:3.12".into(), name: None, rm: true }),
        (
            "docker-run:\"library/python:3.12\"?name=w1&rm=false",
            Way::DockerRun { image: "library/python:3.12".into(), name: Some("w1".into()), rm: false },
        ),
        ("cmd:\"kubectl exec -i pod -- python3\"", words(&["kubectl", "exec", "-i", "pod", "--", "python3"])),
        (
            r#"cmd:"sh -c 'echo \"a b\" >&2; exec python3'""#,
            words(&["sh", "-c", "echo \"a b\" >&2; exec python3"]),
        ),
        ("podman:app", Way::Podman { container: "app".into() }),
        ("kube:api-0", pod(None, None, None)),
        ("kube:\"shop/api-0\"?container=app", pod(None, Some("shop"), Some("app"))),
        ("kube:\"prod/shop/api-0/app\"", pod(Some("prod"), Some("shop"), Some("app"))),
        ("kube:api-0?context=prod", pod(Some("prod"), None, None)),
        ("nsenter:4711", Way::Nsenter(Inside::Pid(4711))),
        ("nsenter:docker:app", Way::Nsenter(Inside::Container { engine: "docker", name: "app".into() })),
        ("sudo", Way::Become { by: By::Sudo, user: None }),
        ("sudo:www-data", Way::Become { by: By::Sudo, user: Some("www-data".into()) }),
        ("su:ops", Way::Become { by: By::Su, user: Some("ops".into()) }),
        ("doas", Way::Become { by: By::Doas, user: None }),
        ("tcp:[::1]:7000", Way::Tcp { host: "::1".into(), port: 7000, tls: None }),
        ("tcp:web1:7000?tls=true", Way::Tcp { host: "web1".into(), port: 7000, tls: Some(Tls::default()) }),
        ("unix:\"/run/relay.sock\"", Way::Unix { path: "/run/relay.sock".into() }),
    ] {
        assert_eq!(parse(text), Address { hops: vec![Hop::to(way)] }, "{text}");
    }
    assert_eq!(parse("cmd:./run").hops.len(), 2, "a slash outside quotes parts hops");
}

#[test]
fn a_path_in_an_option_keeps_its_slashes() {
    let hop = parse("web1?python=/opt/py/bin/python3&identity=~/.ssh/id&ssh_option=\"-oA B\"&ssh_option=-C");
    let options = hop.hops[0].options.clone();
    assert_eq!(options.python.as_deref(), Some("/opt/py/bin/python3"));
    assert_eq!(options.identity, Some("~/.ssh/id".into()));
    assert_eq!(options.ssh_options, ["-oA B", "-C"]);
}

#[test]
fn a_chain_reads_from_the_outside_in() {
    let way = parse("bastion?port=2222/web1?python=\"/opt/py\"/docker:app");
    assert_eq!(way.hops.len(), 3);
    assert_eq!(way.hops[1].options.python.as_deref(), Some("/opt/py"));
    assert_eq!(way.hops[2].way, Way::Docker { container: "app".into() });
}

#[test]
fn the_option_sudo_is_one_more_hop() {
    let way = parse("web1?python=/opt/py&sudo");
    assert_eq!(way.to_string(), "web1?python=\"/opt/py\"/sudo?python=\"/opt/py\"");
    assert_eq!(parse("web1?sudo=www/docker:app"), parse("web1/sudo:www/docker:app"));
}

#[test]
fn a_way_has_an_outer_end_where_another_agent_stands() {
    let outer = |text: &str| parse(text).outer().map(|outer| outer.to_string());
    for (text, expected) in [
        ("web1", None),
        ("local", None),
        ("local/docker:app", None),
        ("sudo", Some("local")),
        ("nsenter:7", Some("local")),
        ("local/sudo", Some("local")),
        ("local:two/docker:app", Some("local:two")),
        ("bastion/web1/docker:app/sudo", Some("bastion/web1/docker:app")),
    ] {
        assert_eq!(outer(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, column, words) in [
        ("", 1, "a host is missing"),
        ("-oProxyCommand=x", 1, "begins with `-`"),
        ("ops@-x", 5, "begins with `-`"),
        ("-l@web1", 1, "no user begins with `-`"),
        ("docker:-x", 8, "the first a letter or digit"),
        ("docker:\"../x?y\"", 9, "the first a letter or digit"),
        ("docker:\"a b\"", 9, "the first a letter or digit"),
        ("docker-run:-x", 12, "begins with `-`"),
        ("docker", 1, "a host of that name is ssh:docker"),
        ("local:", 7, "names no name"),
        ("web1?python=-c", 13, "begins with `-`"),
        ("web\u{1b}[1m", 4, "control character"),
        ("docker:\"a\nb\"", 10, "control character"),
        ("web1?prot=22", 6, "did you mean port? There are: identity, port, python, ssh_option, sudo, user"),
        ("docker:app?zzz=1", 12, "there are: python"),
        ("web1?sudo=-x", 11, "no user begins with `-`"),
        ("web1?port", 10, "port=…"),
        ("web1?port=0", 11, "1 to 65535"),
        ("web1:99999", 6, "1 to 65535"),
        ("web1:+5", 6, "1 to 65535"),
        ("web1:22?port=23", 14, "port is given twice"),
        ("web1?python=a&python=b", 15, "python is given twice"),
        ("2001:db8::1", 1, "stands in brackets"),
        ("[nope]", 2, "no IPv6 address"),
        ("[::1", 1, "not closed"),
        ("[::1]22", 6, "comes `:`"),
        ("web[1-2", 1, "node set"),
        ("web1 web2", 5, "double quotes"),
        ("web1,web2", 5, "double quotes"),
        ("docker:", 8, "write docker:CONTAINER"),
        ("docker:\"a", 8, "this quote is not closed"),
        ("docker:\"a\"b", 11, "nothing may follow"),
        ("cmd:\"a 'b\"", 8, "single quote is not closed"),
        ("cmd:\"''\"", 6, "names no program"),
        ("web1/", 6, "a host is missing"),
        ("web1/sudo:", 11, "names no user"),
        ("web1/sudo:-x", 11, "no user begins with `-`"),
        ("kube", 1, "kube needs to know more"),
        ("kube:\"a//b\"", 7, "is empty"),
        ("kube:\"a/b/c/d/e\"", 7, "CONTEXT/NAMESPACE/POD/CONTAINER"),
        ("nsenter:0", 9, "nsenter:PID"),
        ("nsenter:lxc:app", 9, "nsenter:docker:NAME"),
        ("nsenter:docker:a'b", 9, "nsenter:docker:NAME"),
        ("tcp:web1", 5, "the port is missing"),
        ("web1/tcp:web2:7", 6, "only be the first hop"),
        ("tcp:web1:7?cert=/c", 19, "needs both"),
        ("tcp:web1:7?tls=maybe", 16, "true or false"),
        ("unix:\"/s\"?python=x", 11, "takes no options"),
        ("docker-run:img?rm=maybe", 19, "true or false"),
        ("docker-run:img?name=a%20b", 21, "letters, digits"),
        ("web1;reboot", 1, "no host holds"),
        ("é web", 2, "double quotes"),
    ] {
        let (at, why) = refused(text);
        assert!(why.contains(words), "{text}: {why}");
        assert_eq!(at, column, "{text}: {why}");
    }
    let shown = "web\u{1b}".parse::<Address>().unwrap_err().to_string();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

fn text() -> impl Strategy<Value = String> {
    // What an image may hold: anything but blanks and control characters, no leading `-`.
    "[^\\s\\pC-][^\\s\\pC]{0,12}"
}

fn way() -> impl Strategy<Value = Way> {
    let host = prop_oneof![
        "[a-zA-Z0-9_.é][a-zA-Z0-9_.é-]{0,12}",
        Just("local".to_owned()),
        Just("sudo".to_owned()),
        Just("docker".to_owned()),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
    ];
    let user = proptest::option::of("[a-z][a-z@\\\\.-]{0,6}");
    let port = proptest::option::of(1..=u16::MAX);
    prop_oneof![
        proptest::option::of("[^\\pC\\s][^\\pC]{0,8}").prop_map(|name| Way::Local { name }),
        (user, host, port).prop_map(|(user, host, port)| Way::Ssh { user, host, port }),
        "[a-z0-9][a-z0-9_.-]{0,6}(/[a-z0-9][a-z0-9_.-]{0,6})?"
            .prop_map(|container| Way::Docker { container }),
        (text(), proptest::option::of("[a-z0-9][a-z0-9_.-]{0,8}"), any::<bool>())
            .prop_map(|(image, name, rm)| Way::DockerRun { image, name, rm }),
        ("[^\\pC]{1,8}", proptest::collection::vec("[^\\pC]{0,8}", 0..4)).prop_map(|(first, mut words)| {
            words.insert(0, first);
            Way::Command { words }
        }),
        (
            prop_oneof![Just(By::Sudo), Just(By::Su), Just(By::Doas)],
            proptest::option::of("[a-z][a-z@.-]{0,6}")
        )
            .prop_map(|(by, user)| Way::Become { by, user }),
        pod(),
        prop_oneof![
            (1..u32::MAX).prop_map(Inside::Pid),
            "[a-z0-9][a-z0-9_.-]{0,8}".prop_map(|name| Inside::Container { engine: "podman", name }),
        ]
        .prop_map(Way::Nsenter),
    ]
}

fn pod() -> impl Strategy<Value = Way> {
    let name = || "[a-z0-9][a-z0-9:.-]{0,6}";
    let maybe = || proptest::option::of("[a-z0-9][a-z0-9:.-]{0,6}");
    (maybe(), maybe(), name(), maybe()).prop_map(|(context, namespace, pod, container)| {
        Way::Kube(Pod { context, namespace, pod, container })
    })
}

fn hop() -> impl Strategy<Value = Hop> {
    let word = "[^\\pC]{1,8}";
    (
        way(),
        proptest::option::of("[^\\pC-][^\\pC]{0,8}"),
        proptest::collection::vec(word, 0..3),
        proptest::option::of(word),
    )
        .prop_map(|(way, python, ssh_options, identity)| {
            let ssh = matches!(way, Way::Ssh { .. });
            let (ssh_options, identity) = if ssh { (ssh_options, identity) } else { (Vec::new(), None) };
            Hop { way, options: Options { python, ssh_options, identity: identity.map(Into::into) } }
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(hops in proptest::collection::vec(hop(), 1..4)) {
        let address = Address { hops };
        let text = address.to_string();
        prop_assert_eq!(text.parse::<Address>(), Ok(address), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(text in "[a-z:/?&=\"\\\\@\\[\\]%é ,-]{0,24}") {
        match text.parse::<Address>() {
            Ok(address) => prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address)),
            Err(error) => prop_assert!(error.at <= text.chars().count() && !error.why.is_empty()),
        }
    }
}
