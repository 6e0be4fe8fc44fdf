/// Benchmarks of this project beside its peers. The whole-command ones are scripts in `bench/`.
@NullMarked
package io.lighterage.bench;

import org.jspecify.annotations.NullMarked;
