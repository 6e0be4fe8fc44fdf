/// The daemon's configuration file: `Settings` describes what may be in it, once; reading, checking, messages and
/// `docs/config.md` come from that.
@NullMarked
package io.lighterage.app.config;

import org.jspecify.annotations.NullMarked;
