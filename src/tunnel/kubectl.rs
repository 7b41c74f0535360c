//! Into a pod, by `kubectl exec`, which finds the cluster and the credentials as it does for a person.

use crate::tunnel::address::Pod;

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
