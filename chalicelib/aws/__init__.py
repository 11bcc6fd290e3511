"""The only place that makes AWS clients, and the two shapes of AWS that several rooms share: errors and buckets."""
