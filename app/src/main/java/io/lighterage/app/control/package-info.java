/// How the commands of one root talk to the processes that serve its mounts: JSON lines over a socket each.
@NullMarked
package io.lighterage.app.control;

import org.jspecify.annotations.NullMarked;
