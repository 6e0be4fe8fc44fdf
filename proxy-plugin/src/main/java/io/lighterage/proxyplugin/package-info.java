/// The services containerd reaches over a `proxy_plugins` socket.
///
/// Nothing here yet; the package exists so that its place in the house is fixed.
@NullMarked
package io.lighterage.proxyplugin;

import org.jspecify.annotations.NullMarked;
