//! Into a pod, by `kubectl exec`, which finds the cluster and the credentials as it does for a person.

use crate::tunnel::address::Pod;
use crate::tunnel::docker::no_program;
use crate::tunnel::failure::Stage;

/// The words that run `start` in a pod.
pub fn argv(pod: &Pod, start: &[String]) -> Vec<String> {
    let mut argv = vec!["kubectl".to_owned()];
    argv.extend(pod.context.iter().map(|context| format!("--context={context}")));
    argv.extend(pod.namespace.iter().map(|namespace| format!("--namespace={namespace}")));
    argv.extend(["exec".to_owned(), "--stdin".to_owned(), pod.pod.clone()]);
    argv.extend(pod.container.iter().map(|container| format!("--container={container}")));
    argv.push("--".to_owned());
    argv.extend_from_slice(start);
    argv
}

/// kubectl's words for what it did not do, with what they mean; it leaves with 1 then. The first that fits is taken.
const WORDS: &[(&str, Stage, &str)] = &[
    (
        "You must be logged in to the server",
        Stage::Login,
        "the cluster does not know who we are; renew kubectl's credentials, and see kubectl auth whoami",
    ),
    (
        "Error from server (Forbidden)",
        Stage::Login,
        "this user may not do that in the cluster; it takes the rights to get pods and to create pods/exec",
    ),
    (
        "x509: ",
        Stage::HostKey,
        "the API server's certificate could not be verified, so nothing was sent; check the certificate-authority of \
         kubectl's configuration",
    ),
    (
        " is not valid for pod",
        Stage::Connect,
        "the pod has no such container; kubectl describe pod tells which it has",
    ),
    (
        "container not found",
        Stage::Connect,
        "that container of the pod does not run; kubectl describe pod tells why",
    ),
    (
        "Error from server (NotFound)",
        Stage::Connect,
        "the cluster has no such pod there; check context and namespace, and see kubectl get pods",
    ),
    (
        "did you specify the right host or port?",
        Stage::Connect,
        "no API server listens where kubectl's configuration says; check its context",
    ),
    ("no such host", Stage::Resolve, "the API server's name has no address; check kubectl's context and DNS"),
    ("Unable to connect to the server", Stage::Connect, "the API server did not answer kubectl"),
    (
        "Error in configuration",
        Stage::Start,
        "kubectl does not take its configuration; see kubectl config get-contexts",
    ),
    (
        "error loading config file",
        Stage::Start,
        "kubectl cannot read its configuration; see kubectl config view",
    ),
    ("Error from server", Stage::Connect, "the API server refused; see its message"),
];

/// What is meant by kubectl's last words, if they are kubectl's.
pub fn known(stderr: &str) -> Option<(Stage, &'static str)> {
    if no_program(stderr) {
        let why = "the container has no shell, or not the Python that was named; name one in it with python=";
        return Some((Stage::Interpreter, why));
    }
    WORDS.iter().find(|(words, ..)| stderr.contains(words)).map(|(_, stage, why)| (*stage, *why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_left_to_kubectl() {
        let start = ["python3".to_owned()];
        let pod = |context: Option<&str>, container: Option<&str>| Pod {
            context: context.map(str::to_owned),
            namespace: None,
            pod: "api-0".into(),
            container: container.map(str::to_owned),
        };
        assert_eq!(argv(&pod(None, None), &start).join(" "), "kubectl exec --stdin api-0 -- python3");
        assert_eq!(
            argv(&pod(Some("prod"), Some("app")), &start).join(" "),
            "kubectl --context=prod exec --stdin api-0 --container=app -- python3"
        );
    }
}
