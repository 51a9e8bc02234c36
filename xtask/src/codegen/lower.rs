//! Lowers the parts of the document that progenitor does not support, one named step at a time.
//!
//! openapi.yaml itself is never bent: each function here changes a copy in memory, and says why.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The copy of the document that the generator reads.
pub(super) fn lower(document: &Value) -> Value {
    let mut lowered = document.clone();
    inline_responses(&mut lowered);
    multipart_as_binary(&mut lowered);
    drop_schemas_without_operation(&mut lowered);
    one_success_type(&mut lowered);
    one_error_type(&mut lowered);
    ignore_deletion_answer(&mut lowered);
    open_response_enums(&mut lowered);
    nullable_answers(&mut lowered);
    plain_scalars(&mut lowered);
    inline_lone_all_of(&mut lowered);
    inline_scalars(&mut lowered);
    drop_unknown_to_the_generator(&mut lowered);
    lowered
}

/// Answers are shared as components; the steps below change them for one operation at a time.
fn inline_responses(document: &mut Value) {
    let shared = document
        .pointer("/components/responses")
        .cloned()
        .unwrap_or_default();
    for operation in operations(document) {
        let Some(responses) = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
        else {
            continue;
        };
        for response in responses.values_mut() {
            let name = response
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/components/responses/"));
            if let Some(found) = name.and_then(|name| shared.get(name)) {
                *response = found.clone();
            }
        }
    }
}

/// The line formats are inside the uploaded file, never in a JSON body, so no operation refers to
/// them and the raw client needs no types for them; `gong-crm` has better ones.
pub(super) fn drop_schemas_without_operation(document: &mut Value) {
    let used = schemas_of_operations(document);
    if let Some(schemas) = schemas(document) {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// progenitor rejects `multipart/form-data` (oxidecomputer/progenitor#518). The body becomes a
/// binary one here; [`super::rewrite`] turns that one method's body into a multipart form.
fn multipart_as_binary(document: &mut Value) {
    for operation in operations(document) {
        let Some(content) = operation
            .pointer_mut("/requestBody/content")
            .and_then(Value::as_object_mut)
            .filter(|content| content.contains_key("multipart/form-data"))
        else {
            continue;
        };
        content.clear();
        content.insert(
            "application/octet-stream".to_owned(),
            json!({"schema": {"type": "string", "format": "binary"}}),
        );
    }
}

/// progenitor takes one success type an operation. `POST /v2/crm/entity-schema` declares two of
/// the same shape: 200 (seen live) and 201 (documented). The first one's schema serves both.
fn one_success_type(document: &mut Value) {
    for operation in operations(document) {
        same_schema(
            operation,
            |status| status.starts_with('2'),
            |schemas| schemas.first().cloned(),
        );
    }
}

/// progenitor supports one error type per operation. The 409 of the meetings operations has
/// additional fields, all of them optional, so its type works for every error there.
fn one_error_type(document: &mut Value) {
    for operation in operations(document) {
        same_schema(
            operation,
            |status| !status.starts_with('2'),
            |schemas| {
                let richer = schemas.iter().find(|schema| {
                    super::spec::referenced(schema).is_some_and(|name| name != "ErrorResponse")
                });
                richer.or_else(|| schemas.first()).cloned()
            },
        );
    }
}

/// Returns the JSON bodies of the chosen responses the one schema that `choose` picks of theirs.
fn same_schema(
    operation: &mut Value,
    chosen: impl Fn(&str) -> bool,
    choose: impl Fn(&[Value]) -> Option<Value>,
) {
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let pointer = "/content/application~1json/schema";
    let schemas: Vec<Value> = responses
        .iter()
        .filter(|(status, _)| chosen(status))
        .filter_map(|(_, response)| response.pointer(pointer).cloned())
        .collect();
    let Some(one) = choose(&schemas) else { return };
    for (status, response) in responses.iter_mut() {
        if chosen(status)
            && let Some(schema) = response.pointer_mut(pointer)
        {
            *schema = one.clone();
        }
    }
}

/// Gong declares the response of `DELETE /v2/meetings/{meetingId}` as an echo of the request; it
/// may as well be empty (gong-facts 8 #34). Without content the generated method reads no body.
fn ignore_deletion_answer(document: &mut Value) {
    for operation in operations(document) {
        if operation.get("operationId") != Some(&json!("deleteMeeting")) {
            continue;
        }
        if let Some(response) = operation
            .pointer_mut("/responses/200")
            .and_then(Value::as_object_mut)
        {
            response.remove("content");
        }
    }
}

/// Generated enums are closed: a status that Gong adds later would fail to decode. Enums in
/// responses are plain strings in the raw client; `gong-crm` names the known values.
fn open_response_enums(document: &mut Value) {
    let answered = reachable_from_responses(document);
    let Some(schemas) = schemas(document) else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        if answered.contains(name) {
            each_schema(schema, &mut |object| {
                object.remove("enum");
            });
        }
    }
}

/// The raw client sends what it is given: rules on values live in `gong-crm`, which names the one
/// that is broken. Patterns and lengths would become newtypes with a regular-expression engine;
/// `date-time` would become a chrono type that prints fractions, which Gong rejects; `minimum`
/// would become `NonZero` types.
fn plain_scalars(document: &mut Value) {
    each_schema(document, &mut |object| {
        for rule in [
            "pattern",
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "default",
        ] {
            object.remove(rule);
        }
        let text = object.get("type") == Some(&json!("string"));
        let kept = object.get("format") == Some(&json!("binary"));
        if text && !kept {
            object.remove("format");
        }
    });
}

/// `allOf` around a single reference only exists to hang a description on it; the generator would
/// make its own type out of each.
fn inline_lone_all_of(document: &mut Value) {
    each_schema(document, &mut |object| {
        if let Some([only]) = object
            .get("allOf")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            let reference = only.clone();
            if let Value::Object(reference) = reference {
                object.remove("allOf");
                object.extend(reference);
            }
        }
    });
}

/// A shared scalar, such as an id, would become a newtype that checks nothing; the raw client takes
/// plain numbers and text. Shared enums stay types.
fn inline_scalars(document: &mut Value) {
    let Some(schemas) = schemas(document) else {
        return;
    };
    let scalars: Map<String, Value> = schemas
        .iter()
        .filter(|(_, schema)| {
            let scalar = schema
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| ["string", "integer", "number", "boolean"].contains(&kind));
            scalar && schema.get("enum").is_none()
        })
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    schemas.retain(|name, _| !scalars.contains_key(name));
    each_schema(document, &mut |object| {
        let reference = Value::Object(object.clone());
        let scalar = super::spec::referenced(&reference).and_then(|name| scalars.get(name));
        if let Some(scalar) = scalar.and_then(Value::as_object) {
            object.remove("$ref");
            for (key, value) in scalar {
                object.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    });
}

/// Gong's own examples have `null` where its schemas say a list or a text, so any property of a
/// response may be null; a generated field that is not optional would fail to decode.
fn nullable_answers(document: &mut Value) {
    let answered = reachable_from_responses(document);
    let Some(schemas) = schemas(document) else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        if !answered.contains(name) {
            continue;
        }
        for property in properties.values_mut() {
            let shared = super::spec::referenced(property).is_some();
            if let (Some(object), false) = (property.as_object_mut(), shared) {
                object.insert("nullable".to_owned(), true.into());
            }
        }
    }
}

/// Examples and vendor extensions say nothing to the generator and would only end up, as raw
/// JSON, in the documentation of the types.
fn drop_unknown_to_the_generator(document: &mut Value) {
    each_schema(document, &mut |object| {
        object.retain(|key, _| !key.starts_with("x-") && key != "example");
    });
}

/// The names of the component schemas that a call of an operation can hold.
pub(super) fn schemas_of_operations(document: &Value) -> BTreeSet<String> {
    let mut roots: Vec<&Value> = document.get("paths").into_iter().collect();
    for shared in ["parameters", "headers", "requestBodies", "responses"] {
        roots.extend(document.pointer(&format!("/components/{shared}")));
    }
    reachable(document, roots)
}

/// The names of the component schemas that a response can contain.
fn reachable_from_responses(document: &Value) -> BTreeSet<String> {
    let mut roots: Vec<&Value> = document
        .pointer("/components/responses")
        .into_iter()
        .collect();
    if let Some(paths) = document.get("paths").and_then(Value::as_object) {
        for item in paths.values().filter_map(Value::as_object) {
            roots.extend(
                item.values()
                    .filter_map(|operation| operation.get("responses")),
            );
        }
    }
    reachable(document, roots)
}

/// The names of the component schemas that these parts of the document refer to, also through
/// others. References of a vendor extension do not count.
fn reachable<'d>(document: &'d Value, mut waiting: Vec<&'d Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                if let Some(name) = super::spec::referenced(value)
                    && found.insert(name.to_owned())
                {
                    waiting.extend(document.pointer(&format!("/components/schemas/{name}")));
                }
                let standard = object.iter().filter(|(key, _)| !key.starts_with("x-"));
                waiting.extend(standard.map(|(_, value)| value));
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

fn schemas(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.pointer_mut("/components/schemas")?.as_object_mut()
}

/// Every operation of the document.
fn operations(document: &mut Value) -> Vec<&mut Value> {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
        .filter(|operation| operation.get("operationId").is_some())
        .collect()
}

/// Calls `change` for every object below `value` that can be a schema, innermost last.
///
/// Examples are data, and servers have no schemas: they are skipped. So is a map of properties
/// itself, in which `pattern` or `default` would be the name of a field.
fn each_schema(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            for (key, inner) in object.iter_mut() {
                match key.as_str() {
                    "example" | "examples" | "servers" => {}
                    "properties" => {
                        if let Some(properties) = inner.as_object_mut() {
                            for property in properties.values_mut() {
                                each_schema(property, change);
                            }
                        }
                    }
                    _ => each_schema(inner, change),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                each_schema(item, change);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One operation with the given parts, under its own path.
    fn document(operation: &Value, schemas: &Value) -> Value {
        json!({"paths": {"/x": {"post": operation}}, "components": {"schemas": schemas}})
    }

    #[test]
    fn shared_responses_are_inlined() {
        let operation = json!({"operationId": "u", "responses": {"400": {"$ref": "#/components/responses/Malformed"}}});
        let mut value = document(&operation, &json!({}));
        value["components"]["responses"] = json!({"Malformed": {"description": "d"}});
        inline_responses(&mut value);
        assert_eq!(
            value["paths"]["/x"]["post"]["responses"]["400"],
            json!({"description": "d"})
        );
    }

    #[test]
    fn schema_without_operation_is_dropped() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let operation = json!({"operationId": "u", "requestBody": {"content": {"application/json": {
            "schema": {"properties": {"a": reference("Used")}, "x-line-schema": reference("Deal")}}}}});
        let mut value = document(
            &operation,
            &json!({"Deal": {}, "Used": {"items": reference("Inner")}, "Inner": {}}),
        );
        drop_schemas_without_operation(&mut value);
        assert_eq!(
            value["components"]["schemas"],
            json!({"Used": {"items": reference("Inner")}, "Inner": {}})
        );
    }

    #[test]
    fn a_multipart_body_becomes_a_binary_one() {
        let operation = json!({"operationId": "u", "requestBody": {"content": {"multipart/form-data": {"schema": {}}}}});
        let mut value = document(&operation, &json!({}));
        multipart_as_binary(&mut value);
        let content = &value["paths"]["/x"]["post"]["requestBody"]["content"];
        assert_eq!(
            *content,
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
        );
    }

    #[test]
    fn success_and_error_types_become_one_each() {
        let body = |name: &str| json!({"content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}});
        let operation = json!({"operationId": "u", "responses": {
            "200": body("BaseResponse"), "201": body("SchemaUpdateResponse"),
            "400": body("ErrorResponse"), "409": body("MeetingErrorResponse"),
        }});
        let mut value = document(&operation, &json!({}));
        one_success_type(&mut value);
        one_error_type(&mut value);
        let responses = &value["paths"]["/x"]["post"]["responses"];
        assert_eq!(responses["201"], body("BaseResponse"));
        assert_eq!(responses["400"], body("MeetingErrorResponse"));
    }

    #[test]
    fn only_enums_of_responses_are_opened() {
        let operation = json!({"operationId": "u", "responses": {"200": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Answer"}}}}}});
        let schemas = json!({
            "Answer": {"properties": {"status": {"type": "string", "enum": ["DONE"]}}},
            "Question": {"type": "string", "enum": ["ACCOUNT"]},
        });
        let mut value = document(&operation, &schemas);
        open_response_enums(&mut value);
        let schemas = &value["components"]["schemas"];
        assert_eq!(
            schemas["Answer"]["properties"]["status"],
            json!({"type": "string"})
        );
        assert_eq!(schemas["Question"]["enum"], json!(["ACCOUNT"]));
    }

    #[test]
    fn rules_on_scalars_go_and_fields_with_such_names_stay() {
        let mut value = json!({"type": "object", "properties": {
            "pattern": {"type": "string", "pattern": "^a$", "format": "date-time"},
            "id": {"type": "integer", "format": "int64", "minimum": 1},
        }});
        plain_scalars(&mut value);
        assert_eq!(
            value["properties"],
            json!({"pattern": {"type": "string"}, "id": {"type": "integer", "format": "int64"}})
        );
    }

    #[test]
    fn a_lone_all_of_becomes_its_reference() {
        let mut value = json!({"description": "d", "allOf": [{"$ref": "#/components/schemas/X"}]});
        inline_lone_all_of(&mut value);
        assert_eq!(
            value,
            json!({"description": "d", "$ref": "#/components/schemas/X"})
        );
    }

    #[test]
    fn shared_scalars_are_inlined_and_shared_enums_stay() {
        let reference = json!({"schema": {"$ref": "#/components/schemas/Id"}});
        let schemas = json!({
            "Id": {"type": "integer", "description": "shared"},
            "Word": {"type": "string", "enum": ["A"]},
        });
        let mut value = document(
            &json!({"operationId": "u", "parameters": [reference]}),
            &schemas,
        );
        inline_scalars(&mut value);
        assert_eq!(
            value["components"]["schemas"],
            json!({"Word": schemas["Word"]})
        );
        assert_eq!(
            value["paths"]["/x"]["post"]["parameters"][0]["schema"],
            schemas["Id"]
        );
    }

    #[test]
    fn any_property_of_a_response_can_be_null() {
        let operation = json!({"operationId": "u", "responses": {"200": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Answer"}}}}}});
        let mut value = document(
            &operation,
            &json!({
                "Answer": {"properties": {"errors": {"type": "array"}}},
                "Question": {"properties": {"name": {"type": "string"}}},
            }),
        );
        nullable_answers(&mut value);
        let schemas = &value["components"]["schemas"];
        assert_eq!(
            schemas["Answer"]["properties"]["errors"]["nullable"],
            json!(true)
        );
        assert_eq!(
            schemas["Question"]["properties"]["name"],
            json!({"type": "string"})
        );
    }

    #[test]
    fn response_of_a_deletion_is_not_read() {
        let operation = json!({"operationId": "deleteMeeting", "responses": {"200": {"description": "d", "content": {}}}});
        let mut value = document(&operation, &json!({}));
        ignore_deletion_answer(&mut value);
        assert_eq!(
            value["paths"]["/x"]["post"]["responses"]["200"],
            json!({"description": "d"})
        );
    }
}
