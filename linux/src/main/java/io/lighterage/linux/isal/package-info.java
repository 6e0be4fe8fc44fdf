/// Inflate through Intel's ISA-L where the machine has it: the fastest streaming inflate a distribution packages.
/// libdeflate is as fast but inflates whole buffers only, so it cannot serve a pipeline.
@NullMarked
package io.lighterage.linux.isal;

import org.jspecify.annotations.NullMarked;
