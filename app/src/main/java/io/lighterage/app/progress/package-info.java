/// How a pull or unpack is shown while it runs.
@NullMarked
package io.lighterage.app.progress;

import org.jspecify.annotations.NullMarked;
