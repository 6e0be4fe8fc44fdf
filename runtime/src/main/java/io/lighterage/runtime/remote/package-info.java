/// Images whose layers containerd need not pull: opened by the labels that come with its calls, and mounted from the
/// store's lazy layers when a container is laid on them.
@NullMarked
package io.lighterage.runtime.remote;

import org.jspecify.annotations.NullMarked;
