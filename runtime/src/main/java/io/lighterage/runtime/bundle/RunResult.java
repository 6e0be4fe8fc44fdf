package io.lighterage.runtime.bundle;

import java.time.Duration;
import java.util.OptionalInt;

/// What became of a container.
///
/// @param ending why it is over
/// @param elapsed from the moment the container was asked for to that ending: for [Ending#LINE], when the line was read
/// @param exitCode what its process ended with; only for [Ending#EXIT], as we end the others ourselves
/// @param line the line that was waited for, without its line feed; empty unless it came
public record RunResult(Ending ending, Duration elapsed, OptionalInt exitCode, String line) {}
