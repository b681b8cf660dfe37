"""A real one-node Kubernetes cluster, built from public source modules and run without a container engine.

The cluster tests need a kubelet that really kills containers and an API server that really refuses bad objects.
Where no kind, minikube or image registry is at hand, this package makes both out of Go modules and Debian packages.
It never touches another cluster, and everything that `up` started is gone after `down`.
"""
