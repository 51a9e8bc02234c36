//! The operations: what the raw client and the list of operations rely on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::{camel_case, is_camel_case, misfit};
use super::{Findings, entries, text};
use crate::codegen::entity_model::snake_case;
use crate::codegen::problem::{child, choose, nearest};

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Checks every operation.
pub(super) fn check(findings: &mut Findings<'_>) {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut uploads = Vec::new();
    servers(findings);
    schemes(findings);
    for (path, item) in findings.entries("/paths") {
        let path_at = child("/paths", path);
        if !path.starts_with('/') {
            findings.add(
                &path_at,
                format!("the path `{path}` does not begin with `/`"),
                format!("write `/{path}`"),
            );
        }
        if path.contains(['?', '#']) || path.len() > 1 && path.ends_with('/') {
            findings.add(
                &path_at,
                format!("the path `{path}` holds more than names and `{{…}}` between slashes"),
                "declare a query parameter under `parameters`, and end the path without `/`",
            );
        }
        for (method, operation) in entries(Some(item)) {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let at = child(&path_at, method);
            operation_id(findings, &at, text(operation, "operationId"), &mut ids);
            parameters(findings, &path_at, &at, path, item, operation);
            tags(findings, &at, operation);
            security(findings, &at, operation);
            if let Some(body) = operation.get("requestBody") {
                let content = findings.target(body).get("content");
                let body_at = place(&child(&at, "requestBody"), body, "requestBodies");
                if request_content(findings, &body_at, content) {
                    uploads.push(child(&body_at, "content"));
                }
            }
            responses(findings, &at, operation);
        }
    }
    match uploads.as_slice() {
        [_] => {}
        [] => findings.add(
            "/paths",
            "no operation has a body `multipart/form-data`; the raw client's upload is made from one",
            "give the upload its body back, or change xtask/src/codegen/rewrite.rs with it",
        ),
        [_, more @ ..] => {
            for at in more {
                findings.add(
                    at,
                    "a second operation with a body `multipart/form-data` is not supported",
                    "use `application/json`, or change xtask/src/codegen/rewrite.rs with it",
                );
            }
        }
    }
}

fn operation_id(
    findings: &mut Findings<'_>,
    at: &str,
    id: &str,
    ids: &mut BTreeMap<String, String>,
) {
    let id_at = child(at, "operationId");
    if !is_camel_case(id, false) {
        findings.add(
            &id_at,
            format!("`{id}` can't be an operationId, because it becomes the name of a method"),
            format!(
                "use letters and digits, such as `{}`",
                camel_case(id, false)
            ),
        );
        return;
    }
    if let Some(reason) = misfit(id) {
        findings.add(
            &id_at,
            format!("`{id}` can't be an operationId: {reason}"),
            "use a verb and what it acts on, such as `listUsers`",
        );
    }
    if let Some(other) = ids.insert(snake_case(id), at.to_owned()) {
        findings.add(
            &id_at,
            format!("another operation has this operationId: {other}"),
            "give each operation its own",
        );
    }
}

/// The place of a part that may be a reference to a component.
fn place(at: &str, node: &Value, folder: &str) -> String {
    node.get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.rsplit('/').next())
        .map_or_else(
            || at.to_owned(),
            |name| format!("/components/{folder}/{name}"),
        )
}

fn parameters<'d>(
    findings: &mut Findings<'d>,
    path_at: &str,
    at: &str,
    path: &str,
    item: &'d Value,
    operation: &'d Value,
) {
    let in_path = placeholders(path);
    let mut declared = BTreeSet::new();
    let mut misspelt = BTreeSet::new();
    for (holder, list_at) in [(item, path_at), (operation, at)] {
        let list = holder.get("parameters").and_then(Value::as_array);
        let list_at = child(list_at, "parameters");
        for (index, node) in list.into_iter().flatten().enumerate() {
            let entry_at = child(&list_at, &index.to_string());
            let parameter_at = place(&entry_at, node, "parameters");
            let parameter = findings.target(node);
            let (name, location) = (text(parameter, "name"), text(parameter, "in"));
            if !declared.insert((location.to_owned(), name.to_owned())) {
                findings.add(
                    &entry_at,
                    format!("the {location} parameter `{name}` is declared twice"),
                    "remove one",
                );
            }
            parameter_itself(findings, &parameter_at, parameter);
            if location == "path" && !in_path.contains(&name) {
                misspelt.extend(nearest(name, in_path.iter().copied()));
                findings.add(
                    &entry_at,
                    format!("the path `{path}` has no `{{{name}}}`"),
                    match nearest(name, in_path.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("write `{{{name}}}` in the path, or `in: query`"),
                    },
                );
            }
        }
    }
    for name in in_path {
        let is_declared = declared.contains(&("path".to_owned(), name.to_owned()));
        if !is_declared && !misspelt.contains(name) {
            findings.add(
                at,
                format!("the path parameter `{name}` of `{path}` is not declared"),
                format!("add a parameter with `name: {name}`, `in: path`, `required: true`"),
            );
        }
    }
}

fn parameter_itself<'d>(findings: &mut Findings<'d>, at: &str, parameter: &'d Value) {
    let location = text(parameter, "in");
    match location {
        "path" if parameter.get("required") != Some(&Value::Bool(true)) => findings.add(
            at,
            "a path parameter must be required",
            "add `required: true`",
        ),
        "path" | "query" | "header" => {}
        _ => findings.add(
            &child(at, "in"),
            format!("a parameter in `{location}` is not supported"),
            choose(location, ["path", "query", "header"]),
        ),
    }
    let schema = findings.target(parameter.get("schema").unwrap_or(&Value::Null));
    if !["string", "integer", "number", "boolean"].contains(&text(schema, "type")) {
        findings.add(
            &child(at, "schema"),
            "a parameter must be a text, a number or a boolean",
            "use type string, integer, number or boolean, or a shared scalar",
        );
    }
}

/// The names in braces.
fn placeholders(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

fn tags(findings: &mut Findings<'_>, at: &str, operation: &Value) {
    let declared: Vec<&str> = findings
        .document
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tag| text(tag, "name"))
        .collect();
    for (index, tag) in super::texts(operation, "tags").into_iter().enumerate() {
        if !declared.contains(&tag) {
            findings.add(
                &child(&child(at, "tags"), &index.to_string()),
                format!("the tag `{tag}` is not declared under `tags`"),
                choose(tag, declared.iter().copied()),
            );
        }
    }
}

fn security(findings: &mut Findings<'_>, at: &str, operation: &Value) {
    let schemes: Vec<&str> = findings
        .entries("/components/securitySchemes")
        .map(|(name, _)| name.as_str())
        .collect();
    let mut scopes: Vec<&str> = Vec::new();
    for (_, scheme) in findings.entries("/components/securitySchemes") {
        for (_, flow) in entries(scheme.get("flows")) {
            scopes.extend(entries(flow.get("scopes")).map(|(scope, _)| scope.as_str()));
        }
    }
    let scope = text(operation, "x-scope");
    let mut offered = BTreeSet::new();
    let security_at = child(at, "security");
    let required = operation.get("security").and_then(Value::as_array);
    for (index, requirement) in required.into_iter().flatten().enumerate() {
        let at = child(&security_at, &index.to_string());
        offered.extend(entries(Some(requirement)).map(|(scheme, _)| scheme.as_str()));
        for (scheme, wanted) in entries(Some(requirement)) {
            let at = child(&at, scheme);
            if !schemes.contains(&scheme.as_str()) {
                findings.add(
                    &at,
                    format!("there is no components/securitySchemes/{scheme}"),
                    choose(scheme, schemes.iter().copied()),
                );
            }
            for scope in wanted
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if !scopes.contains(&scope) {
                    findings.add(&at, unknown_scope(scope), known_scopes(scope, &scopes));
                }
            }
            let is_oauth = findings
                .document
                .pointer(&child("/components/securitySchemes", scheme))
                .is_some_and(|scheme| text(scheme, "type") == "oauth2");
            let named: Vec<&str> = super::texts(requirement, scheme);
            if is_oauth && scopes.contains(&scope) && named != [scope] {
                findings.add(
                    &at,
                    format!("the scopes here are not the one of `x-scope`, `{scope}`"),
                    format!("write `{scheme}: ['{scope}']`, or correct `x-scope`"),
                );
            }
        }
    }
    if offered.is_empty() {
        findings.add(
            &security_at,
            "the operation takes no credentials, and the client always sends them",
            format!("add {}", schemes.join(" and ")),
        );
    }
    let is_known = |scheme: &&str| schemes.contains(scheme);
    let lacks_one = !offered.is_empty() && offered.iter().all(is_known);
    for scheme in schemes.iter().filter(|_| lacks_one) {
        if !offered.contains(scheme) {
            findings.add(
                &security_at,
                format!("the operation does not take `{scheme}`, which the client may send"),
                "add it to `security`",
            );
        }
    }
    if !scopes.contains(&scope) {
        findings.add(
            &child(at, "x-scope"),
            unknown_scope(scope),
            known_scopes(scope, &scopes),
        );
    }
}

/// The authentication that the client can do.
fn schemes(findings: &mut Findings<'_>) {
    for (name, scheme) in findings.entries("/components/securitySchemes") {
        let at = child("/components/securitySchemes", name);
        match (text(scheme, "type"), text(scheme, "scheme")) {
            ("oauth2", _) | ("http", "basic" | "bearer") => {}
            ("http", other) => findings.add(
                &child(&at, "scheme"),
                format!("the client can't authenticate by `{other}`"),
                choose(other, ["basic", "bearer"]),
            ),
            (other, _) => findings.add(
                &child(&at, "type"),
                format!("the client can't authenticate by a scheme of type `{other}`"),
                choose(other, ["http", "oauth2"]),
            ),
        }
    }
}

/// Each `{name}` in the address of a server is one of its variables.
fn servers(findings: &mut Findings<'_>) {
    let list = findings.document.get("servers").and_then(Value::as_array);
    for (index, server) in list.into_iter().flatten().enumerate() {
        let at = child("/servers", &index.to_string());
        let names: Vec<&str> = entries(server.get("variables"))
            .map(|(name, _)| name.as_str())
            .collect();
        for name in placeholders(text(server, "url")) {
            if !names.contains(&name) {
                findings.add(
                    &child(&at, "url"),
                    format!("the server has no variable `{name}`"),
                    match nearest(name, names.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("add `{name}` under `variables`, with a `default`"),
                    },
                );
            }
        }
    }
}

fn unknown_scope(scope: &str) -> String {
    format!("the scope `{scope}` is not declared by a security scheme")
}

fn known_scopes(scope: &str, scopes: &[&str]) -> String {
    match nearest(scope, scopes.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "add it to the `scopes` under components/securitySchemes".to_owned(),
    }
}

/// Checks the media type of a request; says whether it is a form with a file.
fn request_content(findings: &mut Findings<'_>, at: &str, content: Option<&Value>) -> bool {
    let at = child(at, "content");
    let types: Vec<&str> = entries(content).map(|(name, _)| name.as_str()).collect();
    match types.as_slice() {
        ["application/json"] => false,
        ["multipart/form-data"] => true,
        [other] => {
            findings.add(
                &child(&at, other),
                format!("a request of type `{other}` is not supported"),
                choose(other, ["application/json", "multipart/form-data"]),
            );
            false
        }
        _ => {
            findings.add(
                &at,
                "a request needs exactly one media type",
                "keep `application/json` or `multipart/form-data`",
            );
            false
        }
    }
}

fn responses<'d>(findings: &mut Findings<'d>, at: &str, operation: &'d Value) {
    let at = child(at, "responses");
    let mut has_success = false;
    for (status, response) in entries(operation.get("responses")) {
        let status_at = child(&at, status);
        let is_status = status.len() == 3
            && status.starts_with(['1', '2', '3', '4', '5'])
            && status.chars().all(|digit| digit.is_ascii_digit());
        if !is_status {
            findings.add(
                &status_at,
                format!("`{status}` is not a status"),
                "name each status that is answered, in quotes, such as '404'",
            );
        }
        has_success |= status.starts_with('2');
        let response_at = place(&status_at, response, "responses");
        let response = findings.target(response);
        for (media, _) in entries(response.get("content")) {
            if media != "application/json" {
                findings.add(
                    &child(&child(&response_at, "content"), media),
                    format!("an answer of type `{media}` is not supported"),
                    "use `application/json`",
                );
            }
        }
    }
    if !has_success {
        findings.add(
            &at,
            "no status of success is declared",
            "add the answer of a successful call, such as '200'",
        );
    }
}
