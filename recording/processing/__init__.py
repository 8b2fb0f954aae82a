"""Works on recordings that are over: join, trim, encode, peaks, transcript; never in place."""
