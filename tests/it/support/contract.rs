//! The contract of openapi.yaml, read without the project's own code.

use serde_json::{Map, Value};

/// An operation of the contract.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) id: String,
    /// Upper case.
    pub(crate) method: String,
    /// With `{…}` where a parameter is.
    pub(crate) path: String,
    pub(crate) query: Vec<Parameter>,
}

/// A query parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) is_required: bool,
}

/// The whole document.
pub(crate) fn document() -> Value {
    let yaml: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).unwrap();
    serde_json::to_value(yaml).unwrap()
}

/// The operations in the order of the document.
pub(crate) fn promises(document: &Value) -> Vec<Promise> {
    let mut promises = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let shared = parameters(document, &item["parameters"]);
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation.get("operationId").and_then(Value::as_str) else {
                continue;
            };
            let query = shared
                .iter()
                .copied()
                .chain(parameters(document, &operation["parameters"]))
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| Parameter {
                    name: parameter["name"].as_str().unwrap().to_owned(),
                    is_required: parameter["required"] == true,
                })
                .collect();
            promises.push(Promise {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                query,
            });
        }
    }
    promises
}

fn parameters<'d>(document: &'d Value, list: &'d Value) -> Vec<&'d Value> {
    let list = list.as_array().into_iter().flatten();
    list.map(|node| target(document, node)).collect()
}

/// The node itself, or the node that it refers to.
pub(crate) fn target<'d>(document: &'d Value, node: &'d Value) -> &'d Value {
    match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap();
            target(document, document.pointer(pointer).unwrap())
        }
        None => node,
    }
}

/// A schema of the document with references and `allOf` laid over each other, the own keys last.
pub(crate) fn flattened(document: &Value, schema: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    let schema = target(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        flat.extend(flattened(document, part));
    }
    for (key, value) in schema.as_object().unwrap() {
        if key != "allOf" {
            flat.insert(key.clone(), value.clone());
        }
    }
    flat
}
