// Command shop is the service that the end-to-end tests release, and the customers that call it.
//
//	shop serve            answers, a share FAIL of it with 500, and tells it at /metrics
//	shop customers URL N  calls the URL N times a second; at /targets it tells Prometheus which pods of HOST there are
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "customers" {
		customers(os.Args[2], os.Args[3], os.Getenv("HOST"))
		return
	}
	serve()
}

// serve fails by count and not by chance, so that a bad version is bad from its first requests on.
func serve() {
	share, _ := strconv.ParseFloat(os.Getenv("FAIL"), 64)
	var asked, failed atomic.Int64
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		if int64(share*float64(n)) > int64(share*float64(n-1)) {
			failed.Add(1)
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "welcome to", os.Getenv("VERSION"))
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		labels := fmt.Sprintf("namespace=%q,rollouts_pod_template_hash=%q,version=%q",
			os.Getenv("NAMESPACE"), os.Getenv("POD_TEMPLATE_HASH"), os.Getenv("VERSION"))
		bad := failed.Load()
		fmt.Fprintln(w, "# TYPE http_requests_total counter")
		fmt.Fprintf(w, "http_requests_total{%s,code=\"200\"} %d\n", labels, asked.Load()-bad)
		fmt.Fprintf(w, "http_requests_total{%s,code=\"500\"} %d\n", labels, bad)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// customers open a connection for each request, so that a Service spreads them over its pods.
func customers(url, perSecond, host string) {
	rate, err := strconv.Atoi(perSecond)
	if err != nil || rate < 1 {
		log.Fatalf("%q is no number of requests a second", perSecond)
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		for range time.Tick(time.Second / time.Duration(rate)) {
			go func() {
				answer, err := client.Get(url)
				if err != nil {
					log.Print(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}()
		}
	}()
	http.HandleFunc("/targets", func(w http.ResponseWriter, r *http.Request) {
		addresses, err := net.DefaultResolver.LookupHost(r.Context(), host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		targets := make([]string, len(addresses))
		for i, address := range addresses {
			targets[i] = net.JoinHostPort(address, "8080")
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode([]map[string][]string{{"targets": targets}})
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
