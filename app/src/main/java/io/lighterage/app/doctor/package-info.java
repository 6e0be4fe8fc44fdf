/// What `lighter doctor` looks at.
@NullMarked
package io.lighterage.app.doctor;

import org.jspecify.annotations.NullMarked;
