"""Prints this host's name as Celery gives it."""

from celery.utils.nodenames import gethostname

print(gethostname())
