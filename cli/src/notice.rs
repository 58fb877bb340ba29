//! Desktop notifications, where there is a desktop and the program was built with them. It holds no words.

/// Raises a notification; says whether a desktop took it.
#[cfg(feature = "desktop")]
pub(crate) async fn show(title: String, body: String) -> bool {
    let raise = move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("Techo").summary(&title).body(&body);
        notification.show().is_ok()
    };
    tokio::task::spawn_blocking(raise).await.unwrap_or(false)
}

/// Raises a notification; says whether a desktop took it.
#[cfg(not(feature = "desktop"))]
pub(crate) fn show(_: String, _: String) -> impl Future<Output = bool> {
    std::future::ready(false)
}
