/// What the snapshotter tells monitoring: metrics in the text format of Prometheus, and whether it is well.
@NullMarked
package io.lighterage.app.metrics;

import org.jspecify.annotations.NullMarked;
