//! What code on a host may ask for, read from its request (the table "Reach" of [`crate::wire::frame`]).

use crate::engine::target::TargetId;
use crate::tunnel::address::{Address, By, Hop, Inside, Options, Pod, Way};
use crate::wire::pickle::{self, Caps};
use crate::wire::value::Value;

/// How many nodes a request may have: a hop with all its words, or a text. More would keep all other hosts waiting.
const NODES: usize = 10_000;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Open a host.
    Open {
        /// Through which one that was opened before; none: from the asking host itself.
        through: Option<TargetId>,
        /// How it is reached from there.
        hop: Box<Hop>,
        /// What the code calls it.
        label: String,
    },
    /// Run code on a host that was opened.
    Call {
        /// Which.
        target: TargetId,
        /// What tracebacks call the code.
        name: String,
        /// The Python text.
        source: String,
    },
    /// Close a host that was opened.
    Close {
        /// Which.
        target: TargetId,
    },
}

impl Wish {
    /// Reads a request.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn read(request: &[u8]) -> Result<Self, String> {
        let caps = Caps { nodes: NODES, memo: NODES, stack: NODES, ..Caps::default() };
        let request = pickle::decode(request, &caps)
            .map_err(|error| format!("this controller cannot read the request: {error}"))?;
        let words = request.items().unwrap_or_default();
        let verb = words.first().and_then(|verb| verb.as_str().map(str::to_owned)).unwrap_or_default();
        let text = |at: usize| words.get(at).and_then(|word| word.as_str().map(str::to_owned));
        let number = |at: usize| {
            let number = words.get(at).and_then(Value::as_i64).and_then(|number| u32::try_from(number).ok());
            number.map(TargetId)
        };
        let odd = || format!("this controller does not understand the request {verb:?}");
        match verb.as_str() {
            "open" => Ok(Self::Open {
                through: number(1),
                hop: Box::new(hop(words.get(2).ok_or_else(odd)?)?),
                label: text(3).ok_or_else(odd)?,
            }),
            "call" => Ok(Self::Call {
                target: number(1).ok_or_else(odd)?,
                name: text(2).ok_or_else(odd)?,
                source: text(3).ok_or_else(odd)?,
            }),
            "close" => Ok(Self::Close { target: number(1).ok_or_else(odd)? }),
            _ => Err(odd()),
        }
    }
}

/// A hop from its dict. What the grammar of targets would refuse is refused here too.
fn hop(dict: &Value) -> Result<Hop, String> {
    let given = |name: &str| dict.get_field(name).filter(|value| !value.is_none());
    let text = |name: &str| given(name).and_then(|value| value.as_str().map(str::to_owned));
    let kind = text("kind").unwrap_or_default();
    let need = |name: &str| text(name).ok_or_else(|| format!("{kind} needs {name}, which is a text"));
    let number = |name: &str| given(name).and_then(|value| value.as_i64());
    let texts = |name: &str| -> Vec<String> {
        let items = given(name).and_then(|value| value.items()).unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let port = |number: i64| u16::try_from(number).ok().filter(|port| *port > 0);
    let way = match kind.as_str() {
        "local" => Way::Local { name: text("name") },
        "ssh" => Way::Ssh {
            user: text("user"),
            host: need("host")?,
            port: match number("port") {
                Some(given) => Some(port(given).ok_or_else(|| format!("{given} is no port"))?),
                None => None,
            },
        },
        "docker" => Way::Docker { container: need("container")? },
        "podman" => Way::Podman { container: need("container")? },
        "docker-run" => Way::DockerRun {
            image: need("image")?,
            name: text("name"),
            rm: given("rm").and_then(|rm| rm.as_bool()).unwrap_or(true),
        },
        "kube" => Way::Kube(Pod {
            context: text("context"),
            namespace: text("namespace"),
            pod: need("pod")?,
            container: text("container"),
        }),
        "nsenter" => Way::Nsenter(match number("pid").and_then(|pid| u32::try_from(pid).ok()) {
            Some(pid) => Inside::Pid(pid),
            None => Inside::Container {
                engine: if text("engine").as_deref() == Some("podman") { "podman" } else { "docker" },
                name: need("container")?,
            },
        }),
        "sudo" => Way::Become { by: By::Sudo, user: text("user") },
        "su" => Way::Become { by: By::Su, user: text("user") },
        "doas" => Way::Become { by: By::Doas, user: text("user") },
        "cmd" => Way::Command { words: texts("words") },
        _ => return Err(format!("no tunnel is of kind {kind:?}")),
    };
    let identity = text("identity").map(Into::into);
    let options = Options { python: text("python"), identity, ssh_options: texts("ssh_options") };
    let hop = Hop { way, options };
    let written = Address { hops: vec![hop.clone()] };
    match written.to_string().parse::<Address>() {
        Ok(read) if read == written => Ok(hop),
        Ok(_) => Err(format!("{written} is no target")),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode::encode;

    fn dict(pairs: &[(&str, Value)]) -> Value {
        Value::dict(pairs.iter().map(|(name, value)| (Value::from(*name), value.clone())))
    }

    fn open(hop: &[(&str, Value)]) -> Result<Wish, String> {
        let request = Value::tuple([Value::from("open"), Value::from(()), dict(hop), Value::from("web1")]);
        Wish::read(&encode(&request).unwrap())
    }

    #[test]
    fn a_hop_is_read_and_checked_as_a_typed_one_is() {
        let ssh = open(&[
            ("kind", Value::from("ssh")),
            ("host", Value::from("web1")),
            ("port", Value::from(22_i64)),
        ]);
        let way = Way::Ssh { user: None, host: "web1".into(), port: Some(22) };
        let (through, label) = (None, "web1".to_owned());
        assert_eq!(ssh, Ok(Wish::Open { through, hop: Box::new(Hop::to(way)), label }));
        for (hop, words) in [
            (
                vec![("kind", Value::from("ssh")), ("host", Value::from("-oProxyCommand=x"))],
                "begins with `-`",
            ),
            (vec![("kind", Value::from("ssh"))], "needs host"),
            (
                vec![("kind", Value::from("ssh")), ("host", Value::from("a")), ("port", Value::from(0_i64))],
                "no port",
            ),
            (vec![("kind", Value::from("tcp"))], "no tunnel is of kind"),
            (vec![("kind", Value::from("cmd"))], "names no command"),
            (
                vec![("kind", Value::from("docker")), ("container", Value::from("../x"))],
                "a container is named by",
            ),
        ] {
            let refused = open(&hop).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for request in
            [Value::from(()), Value::tuple([Value::from("fly")]), Value::tuple([Value::from("call")])]
        {
            assert!(Wish::read(&encode(&request).unwrap()).unwrap_err().contains("does not understand"));
        }
        assert!(Wish::read(b"garbage").is_err());
        let large = Value::tuple([
            Value::from("close"),
            Value::from(7_i64),
            Value::list(vec![Value::from(0.5); 20_000]),
        ]);
        assert!(
            Wish::read(&encode(&large).unwrap()).unwrap_err().contains("cannot read"),
            "it takes its time"
        );
    }
}
