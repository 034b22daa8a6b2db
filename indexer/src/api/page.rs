//! The page, as `web/` builds it, within the program.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::shared::Shared;

pub(super) fn router() -> Router<Arc<Shared>> {
    FILES.iter().fold(Router::new(), |router, file| router.route(file.path, get(move || served(file))))
}

/// One file of the page.
#[derive(Debug)]
struct File {
    path: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

async fn served(file: &'static File) -> Response {
    let headers = [
        (CONTENT_TYPE, file.media_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.bytes).into_response()
}

static FILES: [File; 4] = [
    File {
        path: "/",
        media_type: "text/html; charset=utf-8",
        bytes: include_bytes!("../../web/dist/index.html"),
    },
    File {
        path: "/assets/app.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../web/dist/app.js"),
    },
    File {
        path: "/assets/style.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../web/dist/style.css"),
    },
    File {
        path: "/assets/icon.svg",
        media_type: "image/svg+xml",
        bytes: include_bytes!("../../web/dist/icon.svg"),
    },
];

/// Nothing from elsewhere, and no script that is not the page's own. A reader may ask a node of theirs for a block's hash.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self' https: http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";
