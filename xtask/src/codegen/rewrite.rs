//! What no lowering of the document can bring about, changed in the generated syntax tree.

use anyhow::{Result, ensure};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, File, FnArg, ImplItemFn, Pat, Stmt, parse_quote};

/// Rewrites the generated client; fails when it no longer looks as expected.
pub(super) fn rewrite(file: &mut File) -> Result<()> {
    let mut multipart = MultipartBody { methods: 0 };
    multipart.visit_file_mut(file);
    ensure!(
        multipart.methods == 1,
        "expected one generated method with a binary body to become multipart, found {}",
        multipart.methods
    );
    DropVersionHeader.visit_file_mut(file);
    Ok(())
}

/// Turns the one method with a binary body into one that sends `multipart/form-data`: progenitor
/// rejects that media type, so [`super::lower`] hid it behind `application/octet-stream`.
struct MultipartBody {
    methods: usize,
}

impl VisitMut for MultipartBody {
    fn visit_impl_item_fn_mut(&mut self, method: &mut ImplItemFn) {
        let mut body = BinaryBody { found: false };
        body.visit_block_mut(&mut method.block);
        if !body.found {
            return;
        }
        self.methods += 1;
        method.sig.generics.params = method
            .sig
            .generics
            .params
            .iter()
            .filter(|parameter| !matches!(parameter, syn::GenericParam::Type(_)))
            .cloned()
            .collect();
        for argument in &mut method.sig.inputs {
            let FnArg::Typed(argument) = argument else {
                continue;
            };
            if matches!(&*argument.pat, Pat::Ident(name) if name.ident == "body") {
                *argument = parse_quote!(body: reqwest::multipart::Form);
            }
        }
    }
}

/// Takes the content type out of a request's chain of calls and swaps `.body(body)` for
/// `.multipart(body)`, which sets a content type with the boundary.
struct BinaryBody {
    found: bool,
}

impl VisitMut for BinaryBody {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let Expr::MethodCall(call) = expression else {
            return;
        };
        if call.method == "header" && mentions(call, "application/octet-stream") {
            self.found = true;
            *expression = (*call.receiver).clone();
        } else if self.found && call.method == "body" {
            call.method = parse_quote!(multipart);
        }
    }
}

/// progenitor sends the document's version with every request, in a header that Gong doesn't know.
struct DropVersionHeader;

impl VisitMut for DropVersionHeader {
    fn visit_impl_item_fn_mut(&mut self, method: &mut ImplItemFn) {
        method
            .block
            .stmts
            .retain(|statement| !sets_up_headers(statement));
        visit_mut::visit_impl_item_fn_mut(self, method);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::MethodCall(call) = expression
            && call.method == "headers"
            && matches!(call.args.first(), Some(Expr::Path(path)) if path.path.is_ident("header_map"))
        {
            *expression = (*call.receiver).clone();
        }
    }
}

/// Whether the statement declares `header_map` or appends to it.
fn sets_up_headers(statement: &Stmt) -> bool {
    match statement {
        Stmt::Local(local) => matches!(&local.pat, Pat::Ident(name) if name.ident == "header_map"),
        Stmt::Expr(Expr::MethodCall(call), _) => {
            matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("header_map"))
        }
        _ => false,
    }
}

/// Whether an argument of the call contains this string literal.
fn mentions(call: &ExprMethodCall, text: &str) -> bool {
    use quote::ToTokens as _;
    let quoted = format!("\"{text}\"");
    call.args
        .iter()
        .any(|argument| argument.to_token_stream().to_string().contains(&quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(body: &str) -> String {
        format!(
            "impl Client {{ pub async fn upload<'a, B: Into<reqwest::Body>>(&'a self, body: B) {{ \
             let mut header_map = HeaderMap::with_capacity(1usize); \
             header_map.append(HeaderName::from_static(\"api-version\"), version()); \
             let request = self.client.post(url){body}.headers(header_map).build()?; }} }}"
        )
    }

    #[test]
    fn binary_body_becomes_a_form_without_version_header() {
        let binary = ".header(CONTENT_TYPE, HeaderValue::from_static(\"application/octet-stream\")).body(body)";
        let mut file = syn::parse_file(&method(binary)).unwrap();
        rewrite(&mut file).unwrap();
        let code = prettyplease::unparse(&file);
        assert!(code.contains("body: reqwest::multipart::Form"), "{code}");
        assert!(code.contains(".multipart(body)"), "{code}");
        for gone in ["octet-stream", "header_map", "api-version", "Into<"] {
            assert!(!code.contains(gone), "{gone} is still in: {code}");
        }
    }

    #[test]
    fn client_without_a_binary_body_is_rejected() {
        let mut file = syn::parse_file(&method(".json(&body)")).unwrap();
        assert!(
            rewrite(&mut file)
                .unwrap_err()
                .to_string()
                .contains("found 0")
        );
    }
}
