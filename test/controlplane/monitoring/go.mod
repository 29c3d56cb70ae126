// The definitions of the Prometheus Operator's kinds, against which the chart's and the docs' manifests are checked: they
// are files of its module. Nothing of it is compiled, so `go mod tidy` would take the requirement away: do not run it.
module sluice.dev/test/controlplane/monitoring

go 1.26.1

require github.com/prometheus-operator/prometheus-operator v0.85.0
