/// One class for each verb of `lighter`.
@NullMarked
package io.lighterage.app.verbs;

import org.jspecify.annotations.NullMarked;
