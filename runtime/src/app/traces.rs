//! Traces over OTLP: what `flowc build --otel` adds.

#[cfg(feature = "otel")]
pub use exported::{close, keep};
#[cfg(not(feature = "otel"))]
pub use not_built::{close, keep};

#[cfg(feature = "otel")]
mod exported {
    use crate::app::Failure;
    use crate::engine::Engine;
    use crate::env::Sources;
    use crate::node::{Services, TlsVersion};
    use crate::otel::{Settings, Tracer};
    use std::time::Duration;

    /// At the end of a process, for what has not been sent yet.
    const CLOSE_LIMIT: Duration = Duration::from_secs(3);

    /// From now on what the engine does is exported, unless the environment says otherwise.
    pub fn keep(engine: &Engine, oldest: TlsVersion, sources: &Sources) -> Result<(), Failure> {
        let (settings, remarks) = Settings::from_variables(&|name| sources.setting(name).ok().flatten());
        for remark in &remarks {
            crate::log::traces_remark(remark);
        }
        if let Some(settings) = settings {
            let connections = Services::connections(oldest).map_err(|fault| fault.message)?;
            crate::log::traces_exported(settings.host());
            engine.observer().keep_traces(Tracer::new(settings, engine.workflow(), connections));
        }
        Ok(())
    }

    /// Exports what is left.
    pub async fn close(engine: &Engine) {
        if let Some(tracer) = engine.observer().tracer() {
            tracer.close(CLOSE_LIMIT).await;
        }
    }
}

#[cfg(not(feature = "otel"))]
mod not_built {
    use crate::app::Failure;
    use crate::engine::Engine;
    use crate::env::Sources;
    use crate::node::TlsVersion;

    #[expect(clippy::unnecessary_wraps, reason = "it is what the other one gives")]
    pub fn keep(_: &Engine, _: TlsVersion, _: &Sources) -> Result<(), Failure> {
        Ok(())
    }

    pub async fn close(_: &Engine) {}
}
